"""Genuine deliveries of every provider, full of a person and a card, each signed as its provider signs.

Takes a folder, into which PayPal's certificates go. Prints the strings that must not stay, and the deliveries.
"""

import base64
import datetime
import hashlib
import hmac
import json
import pathlib
import sys
import time
import uuid
import zlib
from urllib.parse import urlencode

import braintree
import stripe
from braintree.util.crypto import Crypto
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

folder = pathlib.Path(sys.argv[1])
now = int(time.time())
at = datetime.datetime.fromtimestamp(now - 60, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

CARD, GROUPED, DASHED = "5555555555554444", "3782 822463 10005", "4111-1111-1111-1111"
# Of Braintree's own sample.
SAMPLE_CARD = "1234560000001234"
EMAIL, PHONE, STREET, CITY, ZIP = "peter.chang@anemail.com", "+15105550143", "1 Hacker Way", "Menlo Park", "94025"
FIRST, LAST = "Wolfgang-Amadeus", "Quastenflosser"
PERSON = "7345678901234567"
SENSITIVE = [CARD, GROUPED, DASHED, SAMPLE_CARD, EMAIL, PHONE, STREET, CITY, ZIP, FIRST, LAST, PERSON]
CODES = ["8317", "123"]
NOTE = f"card {GROUPED} cvv 8317 of {FIRST} {LAST}, write to {EMAIL}"

deliveries = []


def deliver(provider, headers, body, plain=None):
    deliveries.append({
        "path": f"/v1/webhooks/{provider}/main", "headers": headers, "body": body, "plain": plain or body,
    })


# Messenger and Telegram.
address = {"street1": STREET, "city": CITY, "postal_code": ZIP, "country": "US", "state": "CA"}
asked = {"contact_name": f"{FIRST} {LAST}", "contact_email": EMAIL, "contact_phone": PHONE, "shipping_address": address}


def messenger(**update):
    item = {"sender": {"id": PERSON}, "recipient": {"id": "4242424242424242"}, "timestamp": now * 1000 - 60000, **update}
    body = json.dumps({"object": "page", "entry": [{"id": "4242424242424242", "time": now * 1000, "messaging": [item]}]})
    mac = hmac.new(b"the app's secret", body.encode(), hashlib.sha256).hexdigest()
    deliver("messenger", {"X-Hub-Signature-256": f"sha256={mac}", "Content-Type": "application/json"}, body)


amount = {"currency": "USD", "amount": "29.62"}
messenger(message={"mid": "mid.1", "text": NOTE, "quick_reply": {"payload": CARD}})
messenger(postback={"payload": NOTE, "title": EMAIL})
messenger(pre_checkout={"payload": CARD, "requested_user_info": asked, "amount": amount})
messenger(checkout_update={"payload": DASHED, "shipping_address": address})
messenger(payment={
    "payload": NOTE, "requested_user_info": asked, "amount": amount, "shipping_option_id": "1",
    "payment_credential": {"provider_type": "stripe", "charge_id": "ch_1", "fb_payment_id": "fb1"}})
messenger(payment={
    "payload": "2", "requested_user_info": asked, "amount": amount,
    "payment_credential": {"provider_type": "token", "tokenized_card": CARD, "tokenized_cvv": "8317",
                           "token_expiry_month": "01", "token_expiry_year": "2030", "fb_payment_id": "fb2"}})
messenger(payment={"payload": NOTE, "requested_user_info": asked, "amount": {"currency": CARD, "amount": "1.00"},
                   "payment_credential": {"provider_type": NOTE, "charge_id": "ch_3"}})
messenger(payment={"payload": EMAIL, "requested_user_info": asked, "amount": amount,
                   "payment_credential": {"provider_type": NOTE, "charge_id": DASHED}})
messenger(**{f"new_{CARD}": {"text": NOTE}})

order_info = {"name": f"{FIRST} {LAST}", "phone_number": PHONE, "email": EMAIL,
              "shipping_address": {"country_code": "US", "city": CITY, "street_line1": STREET, "post_code": ZIP}}
telegram_person = {"id": int(PERSON), "is_bot": False, "first_name": FIRST, "last_name": LAST, "username": "x"}
chat = {"id": int(PERSON), "type": "private", "first_name": FIRST, "last_name": LAST}


def telegram(number, **update):
    body = json.dumps({"update_id": number, **update})
    headers = {"X-Telegram-Bot-Api-Secret-Token": "the token", "Content-Type": "application/json"}
    deliver("telegram", headers, body)


telegram(1, message={"message_id": 1, "from": telegram_person, "chat": chat, "date": now - 60, "text": NOTE})
telegram(2, pre_checkout_query={"id": "1", "from": telegram_person, "currency": "USD", "total_amount": 2962,
                                "invoice_payload": NOTE, "order_info": order_info})
telegram(3, message={"message_id": 3, "from": telegram_person, "chat": chat, "date": now - 50, "successful_payment": {
    "currency": "USD", "total_amount": 2962, "invoice_payload": f"conversation_id={DASHED}", "order_info": order_info,
    "telegram_payment_charge_id": "t1", "provider_payment_charge_id": "p1"}})
telegram(4, message={"message_id": 4, "from": telegram_person, "chat": chat, "date": now - 40,
                     "contact": {"phone_number": PHONE, "first_name": FIRST, "last_name": LAST}})

# Stripe.
billing = {"name": f"{FIRST} {LAST}", "email": EMAIL, "phone": PHONE,
           "address": {"line1": STREET, "city": CITY, "postal_code": ZIP, "country": "US"}}


def stripe_event(number, kind, obj):
    event = {"id": f"evt_{number}", "object": "event", "api_version": "2026-10-01", "created": now - 60,
             "livemode": True, "type": kind, "data": {"object": obj}}
    body = json.dumps(event)
    header = stripe.WebhookSignature.generate_signature_header(body, "whsec_new")
    deliver("stripe", {"Stripe-Signature": header, "Content-Type": "application/json"}, body)


def charge(number, **more):
    return {
        "id": f"ch_{number}", "object": "charge", "amount": 2962, "amount_captured": 2962, "amount_refunded": 0,
        "captured": True, "created": now - 60, "currency": "usd", "livemode": True, "paid": True,
        "status": "succeeded", "description": NOTE, "statement_descriptor": CARD, "receipt_email": EMAIL,
        "billing_details": billing, "shipping": billing, "metadata": {"note": NOTE, "card": CARD},
        "source": {"object": "card", "number": CARD, "cvc": "8317", "name": f"{FIRST} {LAST}", "brand": "Visa"},
        "payment_method_details": {"type": "card", "card": {"brand": "visa", "network": "visa", "wallet": None}},
        **more}


stripe_event(1, "charge.succeeded", charge(1))
stripe_event(2, "charge.failed", charge(2, status="failed", paid=False, captured=False, amount_captured=0,
                                        failure_code=NOTE, failure_message=NOTE, outcome={"reason": NOTE}))
stripe_event(3, "charge.succeeded", charge(3, metadata={
    "platform": "messenger", "bot_id": "4242424242424242", "conversation_id": f"4242424242424242:{PERSON}",
    "user_id": PERSON, "checkout_id": GROUPED}))
stripe_event(4, "charge.succeeded", charge(4, metadata={"bot_id": DASHED, "conversation_id": EMAIL, "user_id": EMAIL}))
stripe_event(5, "charge.succeeded", charge(5, currency=CARD))
stripe_event(6, f"customer.{CARD}", {"id": "cus_1", **billing})
stripe_event(7, "checkout.session.completed", {
    "id": "cs_1", "object": "checkout.session", "amount_total": 2962, "currency": "usd", "created": now - 60,
    "livemode": True, "mode": "payment", "payment_intent": "pi_9", "payment_status": "paid", "status": "complete",
    "client_reference_id": CARD, "customer_details": billing, "customer_email": EMAIL, "metadata": {}})

# Braintree: its own sample, and the same with more in it.
gateway = braintree.BraintreeGateway(braintree.Configuration(
    environment=braintree.Environment.Sandbox, merchant_id="m", public_key="public", private_key="private"))


def braintree_notice(signature, payload):
    plain = base64.b64decode(payload).decode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    deliver("braintree", headers, urlencode({"bt_signature": signature, "bt_payload": payload}), plain)


sample = gateway.webhook_testing.sample_notification("refund_failed", "refund1")
braintree_notice(sample["bt_signature"], sample["bt_payload"])
xml = f"""<notification><timestamp type="datetime">{at}</timestamp><kind>transaction_settled</kind><subject>
<transaction><id>tx1</id><type>sale</type><status>settled</status><amount>29.62</amount>
<currency-iso-code>USD</currency-iso-code><order-id>{DASHED}</order-id>
<customer><first-name>{FIRST}</first-name><last-name>{LAST}</last-name><email>{EMAIL}</email><phone>{PHONE}</phone></customer>
<billing><street-address>{STREET}</street-address><locality>{CITY}</locality><postal-code>{ZIP}</postal-code></billing>
<custom-fields><note>{NOTE}</note><conversation-id>{GROUPED}</conversation-id></custom-fields>
<credit-card><number>{CARD}</number><cvv>8317</cvv><cardholder-name>{FIRST} {LAST}</cardholder-name>
<card-type>Visa</card-type></credit-card><processor-response-text>{NOTE}</processor-response-text>
</transaction></subject></notification>"""
payload = base64.encodebytes(xml.encode())
braintree_notice(f"public|{Crypto.sha1_hmac_hash('private', payload)}", payload)

# PayPal, under an authority of its own.
hour, day = datetime.timedelta(hours=1), datetime.timedelta(days=1)
moment = datetime.datetime.fromtimestamp(now, datetime.timezone.utc)


def certificate(subject, key, issuer, issuer_key, extensions):
    name = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    builder = (x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name(issuer))
               .public_key(key.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(moment - hour).not_valid_after(moment + day))
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


host = "messageverificationcerts.paypal.com"
ca_key, key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
(folder / "ca.pem").write_bytes(certificate(
    "Test CA", ca_key, "Test CA", ca_key, [(x509.BasicConstraints(True, 0), True), (usage, True)]))
(folder / "certificates").mkdir()
(folder / "certificates" / "CERT-1.pem").write_bytes(certificate(host, key, "Test CA", ca_key, [
    (x509.SubjectAlternativeName([x509.DNSName(host)]), False),
    (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)]))

payer = {"name": {"given_name": FIRST, "surname": LAST}, "email_address": EMAIL, "payer_id": "PAYER1",
         "phone": {"phone_number": {"national_number": PHONE}},
         "address": {"address_line_1": STREET, "admin_area_2": CITY, "postal_code": ZIP, "country_code": "US"}}


def paypal(number, kind, resource_type, resource):
    body = json.dumps({
        "id": f"WH-{number}", "event_version": "1.0", "create_time": at, "resource_type": resource_type,
        "resource_version": "2.0", "event_type": kind, "summary": NOTE, "resource": resource})
    sent = str(uuid.uuid4())
    text = f"{sent}|{at}|HOOK1|{zlib.crc32(body.encode())}".encode()
    signature = base64.b64encode(key.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()
    deliver("paypal", {
        "PayPal-Transmission-Id": sent, "PayPal-Transmission-Time": at, "PayPal-Transmission-Sig": signature,
        "PayPal-Cert-Url": "https://api.paypal.com/v1/notifications/certs/CERT-1",
        "PayPal-Auth-Algo": "SHA256withRSA", "Content-Type": "application/json"}, body)


def capture(number, custom, **more):
    return {
        "id": f"CAP{number}", "status": "COMPLETED", "amount": {"currency_code": "USD", "value": "29.62"},
        "custom_id": custom, "invoice_id": CARD, "note_to_payer": NOTE, "payer": payer, "shipping": payer,
        "create_time": at, "update_time": at, "supplementary_data": {"related_ids": {"order_id": f"ORD{number}"}},
        "payment_source": {"card": {"name": f"{FIRST} {LAST}", "number": CARD, "security_code": "8317"}}, **more}


paypal(1, "PAYMENT.CAPTURE.COMPLETED", "capture", capture(1, DASHED))
paypal(2, "PAYMENT.CAPTURE.COMPLETED", "capture", capture(2, f"bot_id={GROUPED}&conversation_id={EMAIL}"))
paypal(3, "PAYMENT.CAPTURE.DECLINED", "capture", capture(
    3, f"conversation_id={GROUPED}", status="DECLINED", processor_response={"response_code": NOTE, "cvv_code": "8317"}))
paypal(4, "CHECKOUT.ORDER.APPROVED", "checkout-order", {
    "id": "ORD4", "status": "APPROVED", "intent": "CAPTURE", "create_time": at, "payer": payer,
    "purchase_units": [{"reference_id": CARD, "custom_id": NOTE, "amount": {"currency_code": "USD", "value": "1.00"},
                        "shipping": payer}]})
paypal(5, "CUSTOMER.DISPUTE.CREATED", "dispute", {
    "dispute_id": "PP-D-1", "create_time": at, "reason": NOTE, "status": "OPEN", "messages": [{"content": NOTE}],
    "dispute_amount": {"currency_code": "USD", "value": "29.62"}, "dispute_life_cycle_stage": "CHARGEBACK",
    "disputed_transactions": [{"seller_transaction_id": "CAP1", "buyer": payer, "custom": DASHED}]})
paypal(6, f"CUSTOMER.{DASHED}", "x", {"payer": payer})

print(json.dumps({"sensitive": SENSITIVE, "codes": CODES, "deliveries": deliveries}))
