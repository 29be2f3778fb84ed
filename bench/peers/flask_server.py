"""A server that builds inside the request: the answer comes when the image is pushed, or never."""
import hashlib
import hmac
import os
import subprocess

from flask import Flask, abort, request

app = Flask(__name__)


@app.post("/build")
def build():
    expected = "sha256=" + hmac.new(os.environ["WEBHOOK_SECRET"].encode(), request.get_data(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("X-Hub-Signature-256", "")):
        abort(401)
    event = request.get_json()
    subprocess.run(
        [os.environ["HOOK_COMMAND"], event["repository"]["full_name"], event["pull_request"]["head"]["sha"], "flask"], check=True)
    return "pushed"


app.run(host="127.0.0.1", port=int(os.environ["PORT"]), threaded=True)
