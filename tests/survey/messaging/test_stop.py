"""What counts as "no more messages", however it is written."""

from __future__ import annotations

import pytest

from survey.messaging.opt_outs import asks_to_stop


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
        *("Ngừng ngay", "Dừng ngay", "Hủy ngay", "HUY DK", "TC QC", "ST0P", "Sтоp", "STÓP"),
        *("Tôi từ chối nhận tin", "Bỏ đăng ký", "Xóa số của tôi", "Đề nghị dừng", "Thôi"),
        *("Please remove me", "no more messages", "Cancel please", "don't send me messages"),
        *("Đúng rồi, dừng gửi tin cho tôi", "Đúng là phiền, đừng nhắn nữa", "Đừng liên hệ"),
        *("សូមឈប់ផ្ញើសារ", "កុំផ្ញើសារមកខ្ញុំទៀត", "A" * 200 + " STOP", "dung nhan tin cho toi"),
    ],
)
def test_stop_in_any_spelling(body: str) -> None:
    assert asks_to_stop(body)


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
        "Thời gian nhận kết quả nhanh",
        "Anh Huy nhận hồ sơ rất nhiệt tình",
        "Bạn Huy ở quầy 3 tiếp nhận tốt",
        "Chị Dung tiếp nhận rất tốt",
        "Cán bộ Dung gửi kết quả sớm",
        "Không nhận được kết quả",
        "Khong nhan duoc ho so",
        "Từ chối nhận hồ sơ của tôi 2 lần",
        "Hồ sơ không đúng hạn, gửi trả chậm",
        "Không phải đi lại nữa, rất tiện",
        "Mọi thứ đều tốt, không chờ lâu nữa",
        "dùng app tiện, nhận kết quả tại nhà",
        "The bus stop is far from the office",
    ],
)
def test_other_words_are_no_stop(body: str) -> None:
    assert not asks_to_stop(body)
