"""Messages reach a real SMTP server once, whatever it does; nobody gets one twice."""

import smtplib
import ssl
from email import message_from_bytes

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

from analytics.errors import ParamsError
from analytics.mail import delivery
from analytics.mail.delivery import Server, send_all, server_of, write_all
from analytics.mail.envelope import Envelope
from analytics.mail.ledger import FILE, Ledger

CONTENT = b"Subject: Figures\r\nTo: ann@example.net\r\n\r\n.a line with a point\r\n..\r\nend\r\n"


def envelope(*recipients, digest="d1", name="acme_2026-Q3"):
    return Envelope(name, "reports@example.org", recipients or ("ann@example.net",), digest, CONTENT)


class Handler:
    """A server that keeps what it takes, and answers as it is told: one answer for each command, then 250."""

    def __init__(self):
        self.taken, self.answers, self.offered = [], {"RCPT": [], "DATA": []}, 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = next((a for a in self.answers["RCPT"] if a[0] == address), None)
        if answer:
            self.answers["RCPT"].remove(answer)
            return answer[1]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.offered += 1
        answer = self.answers["DATA"].pop(0) if self.answers["DATA"] else "250 OK"
        if answer == "drop":
            self.taken.append(tuple(envelope.rcpt_tos))
            server.transport.abort()
            return "250 never heard"
        if answer.startswith("250"):
            self.taken.append(tuple(envelope.rcpt_tos))
            self.content = envelope.content
        return answer


class Dropping(SMTP):
    """A server that hangs up when a message begins, as often as it is told."""

    drops = 0

    async def smtp_DATA(self, arg):
        if type(self).drops:
            type(self).drops -= 1
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def handler():
    return Handler()


@pytest.fixture
def server(handler, authority, unused_port, monkeypatch, tmp_path_factory):
    """A server on this machine that wants TLS and a login."""
    certificate, trusted = authority.issue_cert("127.0.0.1"), tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(trusted)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)

    def known(server, session, envelope, mechanism, data):
        right = (data.login, data.password) == (b"robot", b"secret")
        return AuthResult(success=right, handled=right)

    class Own(Controller):
        def factory(self):
            return Dropping(
                self.handler, hostname="localhost", tls_context=context, require_starttls=True,
                auth_required=True, authenticator=known,
            )  # fmt: skip

    controller = Own(handler, hostname="127.0.0.1", port=unused_port)
    controller.start()
    yield Server("127.0.0.1", unused_port, "starttls", "robot", "secret")
    controller.stop()
    Dropping.drops = 0


@pytest.fixture
def ledger(tmp_path):
    return Ledger(tmp_path)


def send(server, ledger, *envelopes, **options):
    return send_all(envelopes, server, ledger, retry_after=(0.0, 0.0), **options)


class TestSending:
    def test_over_tls_with_a_login_the_bytes_are_those_of_the_outbox(self, server, handler, ledger, tmp_path):
        (done,) = send(server, ledger, envelope())
        assert (done.outcome, done.recipients) == ("sent", 1)
        write_all([envelope()], tmp_path / "outbox")
        assert (tmp_path / "outbox" / "acme_2026-Q3.eml").read_bytes() == handler.content == CONTENT
        assert message_from_bytes(handler.content)["Subject"] == "Figures"

    def test_a_wrong_password_is_refused_at_once_and_not_shown(self, server, handler, ledger):
        wrong = Server(server.host, server.port, "starttls", "robot", "hunter2")
        (done,) = send(wrong, ledger, envelope())
        assert done.outcome == "failed"
        assert done.reason.startswith("535")
        assert "hunter2" not in repr(wrong) + done.reason
        assert handler.offered == 0

    def test_a_certificate_that_nobody_vouches_for_stops_it(self, server, handler, ledger, monkeypatch):
        monkeypatch.delenv("SSL_CERT_FILE")
        (done,) = send(server, ledger, envelope())
        assert (done.outcome, handler.offered) == ("failed", 0)
        assert "no safe connection" in done.reason

    def test_a_server_that_is_not_there_fails_after_its_tries(self, ledger, unused_port):
        (done,) = send(Server("127.0.0.1", unused_port, "none"), ledger, envelope())
        assert done.outcome == "failed"
        assert done.reason.startswith(f"the connection to 127.0.0.1:{unused_port} was lost or not made")

    def test_one_that_fails_does_not_keep_the_others_back(self, server, handler, ledger):
        handler.answers["DATA"] = ["554 no"]
        done = send(server, ledger, envelope(digest="d1"), envelope("z@example.net", digest="d2"))
        assert [one.outcome for one in done] == ["failed", "sent"]


class TestRefusals:
    def test_a_temporary_one_is_tried_again(self, server, handler, ledger):
        handler.answers["DATA"] = ["451 later", "451 later"]
        (done,) = send(server, ledger, envelope())
        assert (done.outcome, handler.offered, len(handler.taken)) == ("sent", 3, 1)

    def test_one_that_stays_temporary_fails_in_the_end(self, server, handler, ledger):
        handler.answers["DATA"] = ["451 later"] * 3
        (done,) = send(server, ledger, envelope())
        assert (done.outcome, done.reason, handler.offered) == ("failed", "451 later", 3)

    def test_a_final_one_is_not_tried_again(self, server, handler, ledger):
        handler.answers["DATA"] = ["554 no thanks"]
        (done,) = send(server, ledger, envelope())
        assert (done.outcome, done.reason, handler.offered) == ("failed", "554 no thanks", 1)

    def test_an_unknown_recipient_keeps_nobody_else_back_and_is_not_named(self, server, handler, ledger):
        handler.answers["RCPT"] = [("bob@example.net", "550 bob@example.net unknown")]
        (done,) = send(server, ledger, envelope("ann@example.net", "bob@example.net"))
        assert (done.outcome, done.recipients, done.reason) == ("failed", 1, "550 … unknown")
        assert handler.taken == [("ann@example.net",)]

    def test_no_address_is_repeated_however_the_server_writes_it(self, server, handler, ledger):
        handler.answers["DATA"] = ["554 <Bob@Example.NET> and ann@example.net: no such mailbox"]
        (done,) = send(server, ledger, envelope("ann@example.net", "bob@example.net"))
        assert done.reason == "554 <…> and … no such mailbox"

    def test_a_final_one_is_not_hidden_by_a_later_success(self, server, handler, ledger):
        handler.answers["RCPT"] = [("bob@example.net", "550 unknown"), ("cy@example.net", "450 busy")]
        (done,) = send(server, ledger, envelope("ann@example.net", "bob@example.net", "cy@example.net"))
        assert (done.outcome, done.recipients, done.reason) == ("failed", 2, "550 unknown")

    def test_only_who_was_put_off_is_tried_again(self, server, handler, ledger):
        handler.answers["RCPT"] = [("bob@example.net", "450 busy")]
        (done,) = send(server, ledger, envelope("ann@example.net", "bob@example.net"))
        assert (done.outcome, done.recipients) == ("sent", 2)
        assert handler.taken == [("ann@example.net",), ("bob@example.net",)]


class TestLostConnections:
    def test_before_the_message_it_is_sent_again(self, server, handler, ledger):
        Dropping.drops = 2
        (done,) = send(server, ledger, envelope())
        assert (done.outcome, len(handler.taken)) == ("sent", 1)

    def test_after_the_last_byte_it_is_not(self, server, handler, ledger):
        handler.answers["DATA"] = ["drop"]
        (done,) = send(server, ledger, envelope())
        assert (done.outcome, len(handler.taken)) == ("unsure", 1)
        assert "--again" in done.reason


class TestOnce:
    def test_a_second_run_sends_nothing(self, server, handler, ledger, tmp_path):
        send(server, ledger, envelope())
        (done,) = send(server, Ledger(tmp_path), envelope())
        assert (done.outcome, len(handler.taken)) == ("had it", 1)

    def test_another_message_and_another_recipient_are_sent(self, server, handler, ledger, tmp_path):
        send(server, ledger, envelope())
        done = send(
            server,
            Ledger(tmp_path),
            envelope("ann@example.net", "bob@example.net"),
            envelope(digest="d2", name="other"),
        )
        assert [one.outcome for one in done] == ["sent", "sent"]
        assert handler.taken == [("ann@example.net",), ("bob@example.net",), ("ann@example.net",)]

    def test_again_sends_to_all(self, server, handler, ledger):
        send(server, ledger, envelope())
        (done,) = send(server, ledger, envelope(), again=True)
        assert (done.outcome, len(handler.taken)) == ("sent", 2)

    def test_after_a_crash_before_the_answer_nobody_gets_it_twice(
        self, server, handler, ledger, tmp_path, monkeypatch
    ):
        with monkeypatch.context() as patch:
            patch.setattr(smtplib.SMTP, "getreply", crashing_on_the_last(smtplib.SMTP.getreply))
            with pytest.raises(SystemExit):
                send(server, ledger, envelope())
        (done,) = send(server, Ledger(tmp_path), envelope())
        assert done.outcome == "unsure"
        assert handler.offered <= 1

    def test_what_was_refused_is_sent_by_the_next_run(self, server, handler, ledger, tmp_path):
        handler.answers["DATA"] = ["554 no"]
        send(server, ledger, envelope())
        (done,) = send(server, Ledger(tmp_path), envelope())
        assert done.outcome == "sent"

    def test_a_ledger_that_cannot_be_written_sends_nothing(self, server, handler, ledger, monkeypatch):
        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Ledger, "write", full)
        (done,) = send(server, ledger, envelope())
        assert (done.outcome, handler.taken) == ("failed", [])

    def test_a_torn_last_line_does_not_hide_the_others(self, ledger, tmp_path):
        ledger.write("d1", ("ann@example.net",), "sent")
        with (tmp_path / FILE).open("a") as file:
            file.write('{"key": "ab')
        after = Ledger(tmp_path)
        assert after.step("d1", "ANN@example.net") == "sent"
        after.write("d2", ("ann@example.net",), "begun")
        assert Ledger(tmp_path).step("d2", "ann@example.net") == "begun"
        assert b"example" not in (tmp_path / FILE).read_bytes()


def crashing_on_the_last(getreply):
    """Let every answer come but the one to the message itself."""
    codes = [0]

    def reply(self):
        if codes[-1] == 354:
            raise SystemExit
        code, said = getreply(self)
        codes.append(code)
        return code, said

    return reply


class TestEnvironment:
    def test_names_the_server(self):
        told = {
            "WORKBOOK_SMTP_HOST": "mail.example",
            "WORKBOOK_SMTP_USER": "u",
            "WORKBOOK_SMTP_PASSWORD": "p",
        }
        assert server_of(told) == Server("mail.example", 587, "starttls", "u", "p")
        assert server_of(told | {"WORKBOOK_SMTP_TLS": "tls"}).port == 465
        assert server_of({}) is None

    @pytest.mark.parametrize(
        ("told", "said"),
        [
            ({"WORKBOOK_SMTP_TLS": "startls"}, 'did you mean "starttls"'),
            ({"WORKBOOK_SMTP_PORT": "smtp"}, "a number from 1 to 65535"),
            ({"WORKBOOK_SMTP_TLS": "none", "WORKBOOK_SMTP_USER": "u"}, "in the clear"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, told, said):
        with pytest.raises(ParamsError, match=said):
            server_of({"WORKBOOK_SMTP_HOST": "mail.example"} | told)


@pytest.fixture
def unused_port():
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_lines_with_points_travel_whole():
    assert delivery._stuffed(b".a\n..\nb") == b"..a\r\n...\r\nb\r\n"
