"""Stands between clients and the server, passes every byte on, and holds what comes back against
Amazon's service model: so whatever client a test uses, its answers are checked."""
import socket
import threading

try:
    import model
except ImportError:  # no botocore on this machine: answers pass unchecked
    model = None


class Witness:
    """`seen`: (operation, "ok" or the exception) of every answer; `wrong`: what broke the model."""

    def __init__(self, port_of_server):
        self.port_of_server = port_of_server  # a function: the server may be started anew
        self.seen, self.wrong = set(), []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.endpoint = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        try:
            with client, socket.create_connection(("127.0.0.1", self.port_of_server())) as server:
                while request := read_message(client):
                    server.sendall(request.whole)
                    answer = read_message(server)
                    if answer is None:
                        return
                    client.sendall(answer.whole)
                    operation = request.headers.get("x-amz-target", ".").split(".")[1]
                    self.judge(operation, int(answer.first.split()[1]), answer.headers,
                               answer.body)
        except OSError:
            pass  # a side that is gone; its peer notices

    def judge(self, operation, status, headers, body):
        if operation and model:
            outcome, wrong = model.judge(operation, status, headers, body)
            self.seen.add((operation, outcome))
            self.wrong += wrong

    def close(self):
        # shutdown wakes the thread that waits in accept; close alone does not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Message:
    def __init__(self, head, body):
        self.whole = head + body
        self.body = body
        self.first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        self.headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()


def read_message(connection):
    """The next request or answer, whole; None where the connection ends. Its length is always said,
    by the clients as by Candid."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(1 << 16)
        if not more:
            return None
        data += more
    at = data.index(b"\r\n\r\n") + 4
    message = Message(data[:at], data[at:])
    missing = int(message.headers.get("content-length", 0)) - len(message.body)
    pieces = []
    while missing > 0:
        more = connection.recv(1 << 20)
        if not more:
            return None
        pieces.append(more)
        missing -= len(more)
    return Message(data[:at], b"".join([data[at:], *pieces])) if pieces else message
