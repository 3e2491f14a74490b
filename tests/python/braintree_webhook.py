"""Posts every notification that Braintree's own code can make, and forgeries. Prints what each was answered."""

import base64
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

import braintree

url, public_key, private_key = sys.argv[1:]


def gateway(public, private):
    return braintree.BraintreeGateway(
        braintree.Configuration(
            environment=braintree.Environment.Sandbox, merchant_id="m", public_key=public, private_key=private
        )
    )


def fetch(request):
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""


def post(form):
    body = urllib.parse.urlencode(form)
    status, text = fetch(urllib.request.Request(url, data=body.encode()))
    return {"status": status, "receipt": json.loads(text) if text else None, "body": body}


ours = gateway(public_key, private_key)
others = gateway("another_key", "another_secret")
kinds = {
    name: value
    for name, value in vars(braintree.WebhookNotification.Kind).items()
    if isinstance(value, str) and not name.startswith("_")
}


def sample(of, kind, id):
    form = of.webhook_testing.sample_notification(kind, id)
    return {"bt_signature": form["bt_signature"], "bt_payload": form["bt_payload"].decode()}


told = {kind: post(sample(ours, kind, "tx_" + kind)) for kind in kinds.values()}
for kind in [kind for kind in kinds.values() if kind.startswith("dispute_")]:
    told["legacy_" + kind] = post(sample(ours, kind, "legacy_dispute_id"))

settled = sample(ours, kinds["TransactionSettled"], "tx_forged")
payload, signature = settled["bt_payload"], settled["bt_signature"]
decoded = base64.b64decode(payload)
forged = {
    "other_key": sample(others, kinds["TransactionSettled"], "tx_forged"),
    "our_name_under_another_key": sample(gateway(public_key, "guess"), kinds["TransactionSettled"], "tx_forged"),
    "truncated": dict(settled, bt_payload=payload[: len(payload) // 2]),
    "wrapped_again": dict(settled, bt_payload=base64.b64encode(decoded).decode()),
    "tampered": dict(settled, bt_payload=base64.encodebytes(decoded.replace(b"100.00", b"900.00")).decode()),
    "no_signature": {"bt_payload": payload},
    "no_payload": {"bt_signature": signature},
    "no_key": dict(settled, bt_signature=signature.split("|")[1]),
    "foreign_characters": dict(settled, bt_payload=payload + " "),
}
two = sample(others, kinds["TransactionSettled"], "tx_two")
both = dict(settled, bt_signature="noise&" + two["bt_signature"] + "&" + signature)
challenge = "20f9f8ed05f77439fe955c977e4c8a53"
answered = ours.webhook_notification.verify(challenge)
reflected = {"bt_signature": answered, "bt_payload": challenge}
print(json.dumps({
    "samples": told,
    "again": post({key: value for key, value in urllib.parse.parse_qsl(told["dispute_lost"]["body"])}),
    "forged": {name: post(form)["status"] for name, form in forged.items()},
    "two_signatures": post(both),
    "without_the_last_line_end": post(dict(settled, bt_payload=payload.rstrip("\n"))),
    "challenge": [fetch(url + "?bt_challenge=" + challenge)[1], answered],
    "challenge_of_capitals": fetch(url + "?bt_challenge=" + challenge.upper())[0],
    "no_challenge": fetch(url)[0],
    "reflected_challenge": post(reflected)["status"],
}))
