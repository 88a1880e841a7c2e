"""EML: the headers that people read, then the body."""

from email.message import EmailMessage

from tests.rag.conftest import Read, block_with, texts


def mail(text: str = "Places 1 to 6 are for visitors.", subject: str = "Parking") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Ines Moss <ines@larkfield.example>"
    message["To"] = "all@larkfield.example"
    message["Date"] = "Mon, 01 Sep 2025 09:00:00 +0000"
    message["Subject"] = subject
    message["X-Mailer"] = "unseen"
    message.set_content(text)
    return message


def test_it_gives_headers_and_body_and_takes_the_subject_for_a_title(read: Read) -> None:
    document = read(mail("First.\n\nSecond.").as_bytes(), "x.eml")

    assert texts(document) == [
        "From: Ines Moss <ines@larkfield.example>\nTo: all@larkfield.example\n"
        "Date: Mon, 01 Sep 2025 09:00:00 +0000\nSubject: Parking",
        "First.",
        "Second.",
    ]
    assert (document.title, document.media_type) == ("Parking", "message/rfc822")


def test_it_reads_encoded_headers_and_bodies(read: Read) -> None:
    document = read(mail("Gr\u00fc\u00dfe aus K\u00f6ln", "Gr\u00fc\u00dfe \u2013 neu").as_bytes())

    assert document.title == "Gr\u00fc\u00dfe \u2013 neu"
    assert "Gr\u00fc\u00dfe aus K\u00f6ln" in texts(document)


def test_it_prefers_the_plain_body(read: Read) -> None:
    message = mail("Plain words.")
    message.add_alternative("<p>Rich words.</p>", subtype="html")

    assert "Plain words." in texts(read(message.as_bytes()))
    assert "Rich words." not in texts(read(message.as_bytes()))


def test_it_reads_an_html_body_without_what_it_hides(read: Read) -> None:
    message = mail()
    message.set_content(
        "<h1>Parking</h1><p>Visitors first.</p><p style='display:none'>SECRET</p>", subtype="html"
    )

    document = read(message.as_bytes())

    assert texts(document, "heading") == ["Parking"]
    assert "Visitors first." in texts(document)
    assert "SECRET" not in " ".join(texts(document))


def test_it_names_attachments_and_does_not_read_them(read: Read) -> None:
    message = mail()
    message.add_attachment(b"inside", maintype="text", subtype="plain", filename="map.txt")

    document = read(message.as_bytes())

    assert "Attachments: map.txt" in texts(document)
    assert "inside" not in " ".join(texts(document))


def test_a_charset_that_is_unknown_or_wrong_does_not_lose_the_body(read: Read) -> None:
    for charset in (b"x-made-up", b"us-ascii"):
        data = b"From: a@b.example\nSubject: s\nContent-Type: text/plain; charset=" + charset
        data += b"\n\nGr\xc3\xbc\xc3\x9fe\n"

        assert block_with(read(data, "x.eml"), "Gr\u00fc\u00dfe")


def test_malformed_headers_do_not_lose_the_body(read: Read) -> None:
    data = b"From: <<<@@@>>>;;\nTo: \xff\xfe,,\nDate: never\nSubject: =?x?q?=\n\nThe body.\n"

    assert "The body." in texts(read(data, "x.eml"))


def test_a_message_kept_in_mailbox_form_is_read(read: Read) -> None:
    data = b"From ines@x.example Mon Sep  1 09:00:00 2025\n" + mail("The body.").as_bytes()

    assert "The body." in texts(read(data, "x.eml"))
