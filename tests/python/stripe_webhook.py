"""Posts a charge signed by Stripe's own code, and forgeries of it. Prints what each was answered."""

import json
import sys
import time
import urllib.error
import urllib.request

import stripe

url, secret, old_secret = sys.argv[1:]

charge = {
    "id": "ch_1", "object": "charge", "amount": 2962, "amount_captured": 2962, "amount_refunded": 0,
    "captured": True, "created": int(time.time()) - 60, "currency": "usd", "livemode": True, "metadata": {},
    "paid": True, "payment_intent": "pi_1", "status": "succeeded",
    "payment_method_details": {"type": "card", "card": {"brand": "visa", "network": "visa", "wallet": None}},
}
event = {
    "id": "evt_1", "object": "event", "api_version": "2026-10-01", "created": int(time.time()) - 60,
    "livemode": True, "type": "charge.succeeded", "data": {"object": charge},
}
body = json.dumps(event, indent=2)


def signed(payload, key, at=None):
    return stripe.WebhookSignature.generate_signature_header(payload, key, timestamp=at)


def post(payload, header):
    headers = {"Content-Type": "application/json; charset=utf-8"}
    if header:
        headers["Stripe-Signature"] = header
    request = urllib.request.Request(url, data=payload.encode(), headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            receipt = json.load(answer)
            return [answer.status, receipt["accepted"], receipt["duplicates"]]
    except urllib.error.HTTPError as error:
        return error.code


told = {
    "other_secret": post(body, signed(body, "whsec_guess")),
    "other_body": post(body.replace("2962", "9962"), signed(body, secret)),
    "too_old": post(body, signed(body, secret, int(time.time()) - 3600)),
    "no_header": post(body, None),
    "genuine": post(body, signed(body, secret)),
    "again_with_the_old_secret": post(body, signed(body, old_secret)),
}
print(json.dumps(told))
