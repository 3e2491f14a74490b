//! What is taken out of free texts, and the names of fields that are taken out whole.

use std::borrow::Cow;

use super::cards;
use super::emails::Emails;

/// Stands where a text held a card number or a security code.
pub const CARD_REMOVED: &str = "[card removed]";
/// Stands for an e-mail address inside a text.
pub const EMAIL_REMOVED: &str = "[email removed]";

/// Names of fields, as [`plain`] writes them, whose values are about a person or a card.
const PRIVATE: &[&str] = &[
    "accountholder",
    "accountnumber",
    "address",
    "addressline",
    "apartment",
    "bankaccount",
    "billing",
    "billingdetails",
    "birthdate",
    "birthday",
    "cardholder",
    "cardnumber",
    "city",
    "csc",
    "cvc",
    "cvn",
    "cvv",
    "dateofbirth",
    "dob",
    "expdate",
    "expirationdate",
    "expirationmonth",
    "expirationyear",
    "expirydate",
    "expirymonth",
    "expiryyear",
    "expmonth",
    "expyear",
    "familyname",
    "fax",
    "firstname",
    "forename",
    "fullname",
    "givenname",
    "iban",
    "initials",
    "ip",
    "lastname",
    "latitude",
    "line1",
    "line2",
    "line3",
    "locality",
    "longitude",
    "maidenname",
    "middlename",
    "mobile",
    "mobilenumber",
    "msisdn",
    "name",
    "nickname",
    "orderinfo",
    "pan",
    "passport",
    "payer",
    "payerinfo",
    "postal",
    "postalcode",
    "postcode",
    "primaryaccountnumber",
    "realname",
    "recipientname",
    "requesteduserinfo",
    "routingnumber",
    "screenname",
    "securitycode",
    "shipping",
    "shippingdetails",
    "ssn",
    "street",
    "street1",
    "street2",
    "streetline",
    "suburb",
    "surname",
    "taxid",
    "tel",
    "telephone",
    "token",
    "tokenizedcard",
    "tokenizedcvv",
    "town",
    "track1",
    "track2",
    "trackdata",
    "username",
    "verificationcode",
    "verificationvalue",
    "zip",
    "zipcode",
];
/// A name that contains one of these is private, whatever is around it.
const INSIDE: &[&str] = &[
    "cardnumber",
    "cardverification",
    "cvc",
    "cvv",
    "email",
    "firstname",
    "lastname",
    "phonenumber",
    "postalcode",
    "securitycode",
    "streetaddress",
    "zipcode",
];
/// The fewest digits of what `number` alone stands for, if it is a card's or an account's.
const LONG_NUMBER: usize = 12;
/// A name that ends so is private.
const ENDINGS: &[&str] = &[
    "address",
    "addressline1",
    "addressline2",
    "buyername",
    "cardholdername",
    "cardname",
    "contactname",
    "customername",
    "fullname",
    "holdername",
    "mobile",
    "ownername",
    "payername",
    "personname",
    "phone",
    "recipientname",
    "shippingname",
    "surname",
];

/// Whether a member of an object is taken out for its name, however that is written; `value` is its JSON text.
pub fn is_private(name: &str, value: &str) -> bool {
    let name = plain(name);
    // Orders and houses have numbers too, but not as long as those of cards and accounts.
    let long = || cards::digits(value) >= LONG_NUMBER;
    name == "number" && long()
        || PRIVATE.binary_search(&name.as_str()).is_ok()
        || INSIDE.iter().any(|part| name.contains(part))
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
        || cards::in_text(&name)
        || name.contains('@')
}

/// A name in small letters without what separates its words: `cardNumber`, `card-number` and `card_number` are one.
pub fn plain(name: &str) -> String {
    let parts = name.chars().filter(|c| c.is_alphanumeric() || *c == '@');
    parts.flat_map(char::to_lowercase).collect()
}

/// A text without card numbers, security codes and e-mail addresses.
///
/// A card number comes with its date, its code and its holder: such a text is removed as a whole.
pub fn cleaned(text: &str) -> Cow<'_, str> {
    if cards::in_text(text) {
        return Cow::Borrowed(CARD_REMOVED);
    }
    without_emails(text, |_| EMAIL_REMOVED.into())
}

/// A text with its e-mail addresses replaced.
pub fn without_emails(text: &str, replace: impl Fn(&str) -> String) -> Cow<'_, str> {
    if !text.bytes().any(|byte| matches!(byte, b'@' | b'%')) {
        return Cow::Borrowed(text);
    }
    let (mut out, mut done) = (String::new(), 0);
    for email in Emails::of(text) {
        out.push_str(&text[done..email.start]);
        done = email.end;
        out.push_str(&replace(&text[email]));
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[done..]);
    Cow::Owned(out)
}
