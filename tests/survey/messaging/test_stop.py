"""What counts as "no more messages", however it is written."""

from __future__ import annotations

import pytest

from survey.messaging.views import wants_no_more


@pytest.mark.parametrize(
    "body",
    [
        *(
            "STOP",
            "Stop.",
            "stop\u200b",
            "S.T.O.P",
            "“STOP”",
            "ＳＴＯＰ",
            "Stop\n\nSent from my iPhone",
            "STOP ALL",
        ),
        *(
            "Unsubscribe.",
            "opt-out",
            "Huỷ",
            "HUY",
            "hủy đăng ký",
            "H\u0075\u0309y",
            "Từ chối.",
            "tuchoi",
            "TC",
        ),
        *(
            "Dừng",
            "DUNG.",
            "Dừng lại nhé",
            "ngừng",
            "Không nhận tin nữa",
            "ឈប់",
            "\ufeffSTOP",
            "Stop 🙏",
        ),
        *(
            "Stopp",
            "stop123",
            "TC STOP",
            "1 stop",
            "xin dừng",
            "Đừng gửi nữa",
            "Đừng nhắn nữa",
            "Xin đừng gửi",
        ),
        *(
            "dung gui tin nua",
            "Toi khong muon nhan tin",
            "không gửi tin cho tôi nữa",
            "ko nhắn nữa",
            "Làm ơn dừng lại",
        ),
    ],
)
def test_stop_in_any_spelling(body: str) -> None:
    assert wants_no_more(body)


@pytest.mark.parametrize(
    "body",
    [
        "Cảm ơn",
        "Đúng",
        "đúng rồi",
        "Huy cảm ơn anh chị cán bộ",
        "dùng tốt",
        "",
        "...",
        "5",
        "Tôi rất hài lòng, cảm ơn",
        "được",
    ],
)
def test_other_words_are_no_stop(body: str) -> None:
    assert not wants_no_more(body)
