import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import sqlalchemy

from database import engine


class Notes(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        with engine.connect() as connection:
            rows = connection.execute(sqlalchemy.text("select * from notes order by id"))
            self.answer({"prefix": sys.prefix, "notes": [dict(row._mapping) for row in rows]})

    def do_POST(self):
        text = json.loads(self.rfile.read(int(self.headers["content-length"])))["text"]
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("insert into notes (text) values (:text)"), {"text": text})
        self.answer({})

    def answer(self, result):
        body = json.dumps(result).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("", 3000), Notes).serve_forever()
