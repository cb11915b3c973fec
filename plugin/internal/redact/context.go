package redact

import (
	"bytes"
	"strings"
)

// A topic is what a word to the left says about a number.
type topic uint8

const (
	noTopic topic = iota
	aboutPhone
	aboutCard
	aboutSSN
	aboutTax // of the USA and Australia
	aboutPassport
	aboutBank
	aboutAccount
	aboutNHS
	aboutNINO
	aboutSIN
	aboutABN
	aboutMedicare
	aboutPAN
	aboutAadhaar
	aboutNRIC
	aboutNIF
	aboutFiscal
	aboutSteuer
	aboutNIR
	aboutPESEL
	aboutCPF
	aboutCNPJ
	aboutResident
	aboutMyNumber
	aboutBirth
	aboutWallet
	aboutSecret
	aboutKey
	aboutKeyKind
	aboutVersion
	aboutOrder
	aboutNetwork
	aboutSection
	numTopics
)

// topics are words in lower case and what they are about, in a few languages: a table
// rather than a switch, which is several times as large as code.
var topics = tableOf([numTopics]string{
	aboutPhone:    "phone phones telephone tel telefon telefono teléfono telefone téléphone telephonisch telefonisch telefonnummer mobile mobil móvil movil mobiltelefon cell cellphone cellular celular cellulare celulares handy handynummer portable portátil call calls called calling callback dial ring ringing whatsapp telegram signal sms text texting fax hotline landline voicemail contact ruf rufen rufnummer anrufen rückruf erreichbar erreichen appelez appeler llámame llamar llame llámeme ligar ligue chiamare chiamami chiama numéro reach msisdn telefoon telefoonnummer mobiel bel tél tfno tlf recapito fone zap joindre joignable komórka numer тел телефон телефону звоните",
	aboutCard:     "card cards credit debit visa mastercard amex karte kreditkarte kreditkartennummer carte tarjeta carta cartão cartao kaart creditcard cc ccnum cardnumber bancaire crédito credito",
	aboutSSN:      "ssn ssns social ss socialsecurity",
	aboutTax:      "itin tfn tax taxpayer tin",
	aboutPassport: "passport passports passeport pasaporte passaporto passaporte reisepass pass paspoort ppt reisepassnummer paszport",
	aboutBank:     "bank banking routing checking savings aba ach bankkonto banque banco banca",
	aboutAccount:  "account acct accounts konto kontonummer compte cuenta conto conta",
	aboutNHS:      "nhs health nhsnumber spine",
	aboutNINO:     "nino insurance ni",
	aboutSIN:      "sin nas sinnumber",
	aboutABN:      "abn acn",
	aboutMedicare: "medicare",
	aboutPAN:      "pancard panno permanent pan",
	aboutAadhaar:  "aadhaar aadhar adhaar uidai uid आधार",
	aboutNRIC:     "nric fin singpass",
	aboutNIF:      "dni nif nie dnis identidad documento",
	aboutFiscal:   "fiscale cf codfisc",
	aboutSteuer:   "steuer steuerid idnr steueridentifikationsnummer identifikationsnummer steuernummer tid",
	aboutNIR:      "nir sécu secu sécurité insee sociale",
	aboutPESEL:    "pesel",
	aboutCPF:      "cpf cpfs",
	aboutCNPJ:     "cnpj",
	aboutResident: "resident rrn 身份证 identity",
	aboutMyNumber: "mynumber",
	aboutBirth:    "dob birth born birthday birthdate birthdays geboren geburtsdatum geburtstag geb naissance né née nacimiento nacido nacida nascita nato nata nascimento nascido nascida geboortedatum urodzenia urodzony urodzona bday født född cumpleaños anniversaire nací nasci aniversário рождения родился родилась",
	aboutWallet:   "wallet btc bitcoin eth ethereum crypto blockchain litecoin ltc",
	aboutKey:      "key keys",
	aboutKeyKind:  "api storage encryption master subscription access private signing aws azure openai service",
	aboutSecret:   "secret secrets token tokens apikey password passwd pwd passphrase auth authorization bearer credential credentials passwort kennwort contraseña senha clave mdp authtoken accesskey secretkey accesstoken clientsecret webhook accountkey sharedaccesskey",
	aboutVersion:  "version versions versión versão versione ver v firmware release released releases build assembly driver kernel patch upgrade upgraded update updated chrome safari edge opera firefox mozilla fileversion productversion sdk installer runtime package nuget bios chromium electron webview dll revision rev downgrade fw software framework dotnet buildnumber vers wersja версия versie",
	aboutOrder:    "order orders invoice ticket tracking serial imei isbn sku part ref reference pedido bestellung bestellnummer commande pratica ordine rechnung rechnungsnummer sendungsnummer seriennummer facture factura fattura ean upc gtin barcode issue commit hash checksum sha md5 uuid guid case shipment parcel po model item product batch lot job request transaction txn seguimiento suivi asin doi issn pid timestamp epoch unix nanos vin iccid auftrag auftragsnummer artikelnummer orderid cve rfc pr bug",
	aboutNetwork:  "ip ipv4 ipv6 address addr host server dns gateway subnet ping ssh curl adresse dirección nameserver listen inet client login peer connect http https src dst remote",
	aboutSection:  "section chapter clause kapitel abschnitt paragraph article oid sección figure table step heading appendix requirement",
})

func tableOf(lists [numTopics]string) map[string]topic {
	table := map[string]topic{}
	for t, list := range lists {
		for _, w := range strings.Fields(list) {
			table[w] = topic(t)
		}
	}
	return table
}

// phrases are words of languages that do not separate them, and what is told by two.
var phrases = [...]struct {
	text string
	topic
}{
	{"電話", aboutPhone}, {"携帯", aboutPhone}, {"手机", aboutPhone}, {"电话", aboutPhone}, {"전화", aboutPhone}, {"휴대폰", aboutPhone}, {"連絡先", aboutPhone}, {"연락처", aboutPhone}, {"联系", aboutPhone}, {"手機", aboutPhone}, {"फोन", aboutPhone}, {"मोबाइल", aboutPhone}, {"هاتف", aboutPhone},
	{"カード", aboutCard}, {"信用卡", aboutCard}, {"카드", aboutCard},
	{"マイナンバー", aboutMyNumber}, {"個人番号", aboutMyNumber}, {"身份证", aboutResident}, {"주민", aboutResident}, {"आधार", aboutAadhaar},
	{"生年月日", aboutBirth}, {"誕生日", aboutBirth}, {"生まれ", aboutBirth}, {"出生", aboutBirth}, {"生日", aboutBirth}, {"생년월일", aboutBirth}, {"생일", aboutBirth}, {"जन्म", aboutBirth},
	{"バージョン", aboutVersion}, {"版本", aboutVersion}, {"버전", aboutVersion}, {"ファームウェア", aboutVersion}, {"固件", aboutVersion}, {"版", aboutVersion},
	{"注文", aboutOrder}, {"订单", aboutOrder}, {"주문", aboutOrder}, {"パスポート", aboutPassport}, {"旅券", aboutPassport}, {"护照", aboutPassport}, {"여권", aboutPassport},
}

// reach is how many bytes to the left are looked at for words.
const reach = 64

// A context is which topics the words to the left of a place are about.
type context struct {
	at    int // plus one; 0: not made yet
	words int
	near  [numTopics]uint8 // how many words away, from 1; 0: not there
}

// about is how near the text left of p speaks of a topic: 1 is the word before it, 0 not
// at all.
//
//go:noinline
func (v *view) about(p int, t topic) int {
	if v.left.at != p+1 {
		v.left = context{at: p + 1}
		v.left.read(v.t[max(0, p-reach):p])
	}
	return int(v.left.near[t])
}

// speaks reports whether the text left of p is about any of the topics.
func (v *view) speaks(p int, topics ...topic) bool {
	for _, t := range topics {
		if v.about(p, t) > 0 {
			return true
		}
	}
	return false
}

// within reports the same for the last n words.
func (v *view) within(p, n int, t topic) bool {
	d := v.about(p, t)
	return d > 0 && d <= n
}

func (c *context) read(s []byte) {
	foreign := false
	var word [32]byte
	for end := len(s); end > 0; {
		k := classes[s[end-1]]
		foreign = foreign || k&lead3 != 0 || s[end-1] >= 0x80
		if k&(letter|wide|digit) == 0 {
			end--
			continue
		}
		begin := end
		for begin > 0 && classes[s[begin-1]]&(letter|wide|digit) != 0 {
			begin--
			if begin > 0 && isUpper(s[begin]) && s[begin-1]-'a' < 26 {
				break // a hump of a camel
			}
		}
		c.words++
		if n := end - begin; n >= 1 && n <= len(word) && c.words < 250 {
			for i := range n {
				word[i] = toLower(s[begin+i])
			}
			c.note(topics[string(word[:n])])
		}
		end = begin
	}
	if foreign {
		for i := range phrases {
			if p := &phrases[i]; bytes.Contains(s, []byte(p.text)) {
				c.near[p.topic] = 1 // nothing tells words apart
			}
		}
	}
}

func (c *context) note(t topic) {
	if t != noTopic && c.near[t] == 0 {
		c.near[t] = uint8(c.words)
	}
}
