"""Who wants no more messages: how people say so, and the list of their numbers."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Final

from survey.messaging.message_text import stripped
from survey.messaging.models import OptOut

_LIKE_LATIN: Final = str.maketrans("аеорстух0", "aeopctyxo")
"""Letters of other alphabets, and the digit, that look like those of STOP."""
_STOP_WORD: Final = re.compile(
    r"(s ?t ?o ?p+\d*|stop ?all|unsubscribe|revoke|opt ?out|cancel|quit|end|tu ?choi|tc)\b"
)
_STOP_SENTENCE: Final = re.compile(
    r"\b(stop|quit|no more|don ?t|do not|please) ((\w+ ){0,3}(messag\w*|sms|texts?|texting)|me)\b"
    r"|\b(unsubscribe|remove me|stop sending)\b|\bstop+\d*$"
)
_POLITE: Final = r"(xin |lam on |vui long |de nghi |yeu cau |toi |thoi )*"
_FILLERS: Final = (
    r"( (lai|ngay|nhe|nha|di|gui|nhan|tin|sms|dang ky|dich vu|qc|quang cao|dk|dv|spam|cam on|nua"
    r"|cho toi|roi|it|now|please|all|\d+))*"
)
_WHOLE_REPLY: Final = re.compile(
    _POLITE + r"(tc|huy|dung|ngung|ngung|chan|khong nhan|k nhan|ko nhan|0 nhan|o nhan|khong muon"
    r"|khong can|tu choi|bo dang ky|thoi|phien qua|stop|end|quit|cancel|revoke)" + _FILLERS
)
_BARE_SENTENCE: Final = re.compile(
    r"\b(dung|ngung|khong|ko|k|thoi)( \w+){0,3} (gui|nhan|nhan) ?(\w+ ){0,3}(tin|sms|nua|spam)\b"
    r"|\b(dung|ngung) (gui|nhan|lam phien|spam|goi|lien he)( (cho )?(toi|em|minh))?( nua)?$"
    r"|\b(dung|ngung|khong|ko|k) (\w+ )?(lam phien|spam)\b|\bbo dang ky\b"
    r"|\b(xin|lam on|vui long|de nghi|yeu cau) (dung|ngung|thoi)\b|\btu choi nhan tin\b"
    r"|\bxoa so( dien thoai)?( cua)? (toi|em|minh)\b"
)
_ACCENTED_SENTENCE: Final = re.compile(
    r"\b(đừng|dừng|ngừng|ngưng|hủy|huỷ|chặn)( \w+){0,2}"
    r" (gửi|nhắn|gọi|liên hệ|làm phiền|spam|tin|sms)\b"
    r"|\b(không|khỏi|thôi)( \w+){0,3} (gửi|nhắn|nhận)( \w+){0,2} (tin|sms|nhắn|nữa)\b"
    r"|\b(không|khỏi|thôi)( \w+){0,2} (nhắn|làm phiền|spam)\b"
    r"|\b(xin|làm ơn|vui lòng|đề nghị|yêu cầu) (dừng|ngừng|ngưng|thôi|đừng)\b"
    r"|\b(bỏ đăng ký|từ chối nhận tin)\b|\b(xóa|xoá) số( điện thoại)?( của)? (tôi|em|mình)\b"
)
_VIETNAMESE: Final = re.compile(r"[ăâđêôơư\u0300\u0301\u0303\u0309\u0323]")
_KHMER: Final = re.compile("ឈប់|កុំ\\s*ផ្ញើ")
_MAX_WHOLE_WORDS: Final = 7


def asks_to_stop(body: str) -> bool:
    """Whether a reply says that no more messages are wanted.

    Words with their marks are read by these: "dừng" is stop and "Dung" a name, "đúng" is yes.
    Without marks a short reply is taken for stop rather than not heard; a sentence has to name what
    is to stop.

    Examples
    --------
    >>> asks_to_stop("Đừng nhắn nữa"), asks_to_stop("Chị Dung tiếp nhận rất tốt")
    (True, False)
    """
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", body)).lower()
    if _KHMER.search(text):
        return True
    words = _plain(text)
    bare = _plain(stripped(text).lower())
    latin = bare.translate(_LIKE_LATIN)
    short = len(bare.split()) <= _MAX_WHOLE_WORDS
    if _STOP_SENTENCE.search(latin) or (short and _STOP_WORD.search(latin) and _begins(latin)):
        return True
    if _VIETNAMESE.search(unicodedata.normalize("NFD", text)) or "đ" in text:
        return bool(_ACCENTED_SENTENCE.search(words)) or (
            short and not words.startswith("đúng") and _says_so_whole(words, bare)
        )
    return bool(_BARE_SENTENCE.search(bare)) or bool(short and _WHOLE_REPLY.fullmatch(bare))


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip()


def _begins(latin: str) -> bool:
    """A word of stop counts where the reply begins or ends with it, or is little more."""
    return bool(_STOP_WORD.match(latin)) and (
        len(latin.split()) <= 3 or latin.startswith(("stop", "s t o p", "unsubscribe"))
    )


def _says_so_whole(words: str, bare: str) -> bool:
    first = words.split()[0] if words else ""
    # A name and an adjective share the letters of a verb: "Huy", "Dung", "thời", "thôi thì".
    meant = not re.match(r"(dung|dùng|dũng|dụng|đúng|huy|thời|thói)\b", first)
    return meant and bool(_WHOLE_REPLY.fullmatch(bare))


def record_opt_out(*, phone_hash: str, how: OptOut.Source, now: datetime) -> None:
    """Keep a number from all further messages; once is enough."""
    OptOut.objects.get_or_create(phone_hash=phone_hash, defaults={"how": how, "at": now})
