//! One name for each way to pay, however a provider or a bot spells it.

/// The name of a way to pay; none for one that is not known here, which keeps its own.
///
/// Spellings are compared by their letters and digits alone, in any case. They are Stripe's types, PayPal's payment
/// sources, Braintree's instrument types and funding sources, and those of the documents of other processors.
pub fn named(spelled: &str) -> Option<&'static str> {
    let letters: String = spelled
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    Some(match letters.as_str() {
        "affirm" => "affirm",
        "afterpay" | "afterpayclearpay" | "afterpaytouch" | "clearpay" => "afterpay_clearpay",
        "alipay" | "alipaycn" | "alipayplus" => "alipay",
        "alma" => "alma",
        "amazonpay" | "payamazon" | "paywithamazon" => "amazon_pay",
        "bancomatpay" => "bancomat_pay",
        "bancontact" | "bancontactcard" | "bancontactmistercash" | "bcmc" | "bcmcmobile" | "mistercash" => "bancontact",
        // A debit or a transfer between bank accounts, in whichever country.
        "ach"
        | "achcredittransfer"
        | "achdebit"
        | "achdirectdebit"
        | "acss"
        | "acssdebit"
        | "aubecsdebit"
        | "bacs"
        | "bacsdebit"
        | "bacsdirectdebit"
        | "bank"
        | "bankaccount"
        | "bankdebit"
        | "banktransfer"
        | "becs"
        | "becsdebit"
        | "customerbalance"
        | "directdebit"
        | "europebankaccount"
        | "nzbankaccount"
        | "paybybank"
        | "sepa"
        | "sepacredittransfer"
        | "sepadebit"
        | "sepadebitaccount"
        | "sepadirectdebit"
        | "sepadirectdebitaccount"
        | "usbankaccount" => "bank",
        "billie" => "billie",
        "bizum" => "bizum",
        "blik" => "blik",
        "boleto" | "boletobancario" => "boleto",
        "card" | "cardpresent" | "creditcard" | "debitcard" | "interacpresent" => "card",
        "cashapp" | "cashapppay" | "cashappaccount" => "cashapp",
        "crypto" | "cryptocurrency" => "crypto",
        "eps" => "eps",
        "fpx" => "fpx",
        "giropay" => "giropay",
        "grabpay" => "grabpay",
        // Written beside the name of the scheme that takes its place.
        "ideal" | "idealwero" => "ideal",
        "kakaopay" => "kakao_pay",
        "klarna" | "klarnaaccount" | "klarnapayin3" | "klarnapayinx" | "klarnapaylater" | "klarnapaynow"
        | "klarnapayovertime" | "klarnasliceit" => "klarna",
        "konbini" => "konbini",
        "link" => "link",
        "mbway" => "mb_way",
        "mobilepay" => "mobilepay",
        "multibanco" => "multibanco",
        "mybank" => "mybank",
        "naverpay" => "naver_pay",
        "oxxo" | "oxxopay" => "oxxo",
        "p24" | "przelewy24" => "p24",
        "paynow" => "paynow",
        "paypal" | "paypalaccount" | "paypalcredit" | "paypalhere" | "paypalpaylater" => "paypal",
        "paysafecard" => "paysafecard",
        "payuponinvoice" => "pay_upon_invoice",
        "pix" | "pixinternational" => "pix",
        "promptpay" => "promptpay",
        "revolutpay" => "revolut_pay",
        "satispay" => "satispay",
        "sofort" | "directebanking" | "sofortbanking" | "sofortuberweisung" => "sofort",
        "stars" | "telegramstars" => "stars",
        "swish" => "swish",
        "trustly" => "trustly",
        "twint" => "twint",
        "upi" | "upicollect" | "upiintent" | "upiqr" => "upi",
        "venmo" | "venmoaccount" => "venmo",
        "verkkopankki" | "verkkopankkifinland" => "verkkopankki",
        "vipps" => "vipps",
        "wechat" | "wechatpay" | "wechatpayqr" | "wechatpayweb" => "wechat_pay",
        "wero" => "wero",
        "zip" | "zippay" => "zip",
        _ => return None,
    })
}
