"""An SMTP server for tests: aiosmtpd, made to fail on demand.

Keeps mails as files, writes down what clients say, and follows rules.json in its folder: a list of
{"at": "CONNECT|EHLO|STARTTLS|AUTH|MAIL|RCPT|DATA|END", "reply": "450 4.2.0 later", "times": 1}.
A rule without "times" holds for ever. Replies that are no SMTP: "hang" (says nothing more), "close" (hangs up),
"hang stored" (at END: has the mail, and says nothing).
"""

import argparse
import asyncio
import collections
import errno
import json
import logging
import os
import re
import ssl
import sys
import time

from aiosmtpd.smtp import SMTP, AuthResult

PASSWORD = re.compile(r"^(AUTH \S+) .*")


class Folder:
    """What outlives the process: mails, transcript, rules."""

    def __init__(self, path):
        self.path = path
        self.used = collections.Counter()
        self.transcript = open(os.path.join(path, "transcript"), "a", buffering=1, encoding="utf-8")

    def say(self, line):
        self.transcript.write(line + "\n")

    def rule(self, at):
        try:
            with open(os.path.join(self.path, "rules.json"), encoding="utf-8") as file:
                rules = json.load(file)
        except FileNotFoundError:
            return None
        for rule in rules:
            key = json.dumps(rule)
            if rule["at"] == at and ("times" not in rule or self.used[key] < rule["times"]):
                self.used[key] += 1
                return rule["reply"]
        return None

    def keep(self, envelope):
        mail = f"{time.time_ns():020d}"
        described = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "options": envelope.mail_options}
        with open(os.path.join(self.path, mail + ".json"), "w", encoding="utf-8") as file:
            json.dump(described, file)
        partial = os.path.join(self.path, mail + ".partial")
        with open(partial, "wb") as file:
            file.write(envelope.original_content)
        os.rename(partial, os.path.join(self.path, mail + ".eml"))


class Lines(logging.Handler):
    """aiosmtpd logs each line of a client as '%r >> %r' of its address and the line."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder
        self.connections = {}

    def emit(self, record):
        if isinstance(record.msg, str) and record.msg.startswith("%r >> %r"):
            peer, line = record.args[:2]
            number, security = self.connections[peer]
            text = line.decode("utf-8", "backslashreplace") if isinstance(line, bytes) else str(line)
            said = PASSWORD.sub(r"\1", text)
            self.folder.say(f"{number} {security} {said}")


class Server(SMTP):
    count = 0

    def __init__(self, options, folder, lines, context):
        self.folder = folder
        self.lines = lines
        self.options = options
        authenticator = self.authenticate if options.login else None
        super().__init__(
            self,
            hostname="mail.test",
            enable_SMTPUTF8=options.utf8,
            tls_context=context if options.tls == "starttls" else None,
            auth_required=options.login is not None,
            auth_require_tls=options.tls == "starttls",
            authenticator=authenticator,
            loop=asyncio.get_running_loop(),
        )

    def authenticate(self, server, session, envelope, mechanism, credentials):
        given = credentials.login.decode() + ":" + credentials.password.decode()
        return AuthResult(success=given == self.options.login, handled=False)

    def connection_made(self, transport):
        peer = transport.get_extra_info("peername")
        if peer not in self.lines.connections:
            Server.count += 1
            security = "tls" if self.options.tls == "implicit" else "clear"
            self.lines.connections[peer] = (Server.count, security)
            self.folder.say(f"{Server.count} {security} CONNECT")
        else:
            self.lines.connections[peer] = (self.lines.connections[peer][0], "tls")
        super().connection_made(transport)

    def connection_lost(self, error):
        peer = self.session.peer
        if peer in self.lines.connections:
            self.folder.say(f"{self.lines.connections.pop(peer)[0]} GONE")
        super().connection_lost(error)

    async def hang(self, at):
        """Until the client hangs up."""
        self.folder.say(f"{self.lines.connections[self.session.peer][0]} HANG {at}")
        try:
            await asyncio.Event().wait()
        finally:
            self.transport.close()

    async def refused(self, at):
        """Whether a rule has taken the place of the answer."""
        reply = self.folder.rule(at)
        if reply is None:
            return False
        if reply == "hang":
            await self.hang(at)
        if reply == "close":
            self.transport.close()
        else:
            await self.push(reply)
        return True

    async def _handle_client(self):
        if not await self.refused("CONNECT"):
            await super()._handle_client()

    async def smtp_EHLO(self, arg):
        if not await self.refused("EHLO"):
            await super().smtp_EHLO(arg)

    async def smtp_STARTTLS(self, arg):
        if not await self.refused("STARTTLS"):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg):
        if not await self.refused("AUTH"):
            await super().smtp_AUTH(arg)

    async def smtp_MAIL(self, arg):
        if not await self.refused("MAIL"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg):
        if not await self.refused("RCPT"):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg):
        if not await self.refused("DATA"):
            await super().smtp_DATA(arg)

    async def handle_DATA(self, server, session, envelope):
        reply = self.folder.rule("END")
        if reply is None:
            self.folder.keep(envelope)
            return "250 2.0.0 taken"
        if reply == "hang stored":
            self.folder.keep(envelope)
        if reply.startswith("hang"):
            await self.hang("END")
        if reply == "close":
            self.transport.close()
        return reply


async def listen(make, port, context):
    """On the port of a process before this one, as soon as it is free."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return await asyncio.get_running_loop().create_server(make, "127.0.0.1", port, ssl=context, backlog=512)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", choices=["none", "starttls", "implicit"], default="none")
    parser.add_argument("--certificate", help="PEM: key and certificates")
    parser.add_argument("--login", help="user:password")
    parser.add_argument("--utf8", action="store_true")
    options = parser.parse_args()

    context = None
    if options.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.certificate)
    folder = Folder(options.folder)
    lines = Lines(folder)
    log = logging.getLogger("mail.log")
    log.setLevel(logging.INFO)
    log.propagate = False
    log.addHandler(lines)
    server = await listen(
        lambda: Server(options, folder, lines, context), options.port, context if options.tls == "implicit" else None
    )
    # Whoever started it holds the other end, and is gone when that is.
    asyncio.get_running_loop().add_reader(sys.stdin, lambda: os._exit(0))
    print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


sys.exit(asyncio.run(main()))
