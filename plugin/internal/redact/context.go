package redact

import "strings"

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
var topics = lexiconOf([numTopics]string{
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
	aboutNetwork:  "ip ipv4 ipv6 address addr host server dns gateway subnet ping ssh scp sftp rsync telnet curl adresse dirección nameserver listen inet client login peer connect http https src dst remote",
	aboutSection:  "section chapter clause kapitel abschnitt paragraph article oid sección figure table step heading appendix requirement",
})

// A lexicon finds what a word is about. It is filled from the end of words, since a text is
// read from right to left; so a word is known by its hash when its beginning is reached.
type lexicon struct {
	slots  [1 << 12]uint16 // of words, plus one; the next one free where another has it
	words  []string
	topics []topic
}

// rehash adds a byte to the hash of a word.
func rehash(h uint32, c byte) uint32 { return (h ^ uint32(c)) * 0x01000193 }

func slotOf(h uint32) uint32 { return (h ^ h>>15) & (1<<12 - 1) }

func lexiconOf(lists [numTopics]string) *lexicon {
	x := &lexicon{}
	for t, list := range lists {
		for _, w := range strings.Fields(list) {
			h := uint32(0)
			for i := len(w) - 1; i >= 0; i-- {
				h = rehash(h, w[i])
			}
			i := slotOf(h)
			for x.slots[i] != 0 && x.words[x.slots[i]-1] != w {
				i = (i + 1) & (1<<12 - 1)
			}
			if x.slots[i] != 0 { // the last list that has it counts
				x.topics[x.slots[i]-1] = topic(t)
				continue
			}
			x.words, x.topics = append(x.words, w), append(x.topics, topic(t))
			x.slots[i] = uint16(len(x.words))
		}
	}
	return x
}

// about is the topic of a word in lower case with that hash.
func (x *lexicon) about(word []byte, h uint32) topic {
	for i := slotOf(h); x.slots[i] != 0; i = (i + 1) & (1<<12 - 1) {
		if n := x.slots[i] - 1; x.words[n] == string(word) {
			return x.topics[n]
		}
	}
	return noTopic
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
		if k&(letter|wide|digit) == 0 {
			foreign = foreign || k&lead3 != 0
			end--
			continue
		}
		h, at, i := uint32(0), len(word), end-1
		for {
			b := s[i]
			foreign = foreign || b >= 0x80
			if at > 0 {
				at--
				if k&upper != 0 {
					b |= 0x20
				}
				word[at] = b
				h = rehash(h, b)
			}
			if i == 0 {
				break
			}
			next := classes[s[i-1]]
			if next&(letter|wide|digit) == 0 || k&upper != 0 && next&lower != 0 { // a hump of a camel
				break
			}
			i, k = i-1, next
		}
		c.words++
		if end-i <= len(word) && c.words < 250 {
			c.note(topics.about(word[at:], h))
		}
		end = i
	}
	if foreign {
		c.readPhrases(s)
	}
}

// readPhrases looks for words that nothing separates.
func (c *context) readPhrases(s []byte) {
	for i := range s {
		if s[i] < 0xd9 || i+1 < len(s) && !phraseBegins[s[i]^s[i+1]<<2] {
			continue
		}
		for k := range phrases {
			if p := &phrases[k]; len(s)-i >= len(p.text) && string(s[i:i+len(p.text)]) == p.text {
				c.near[p.topic] = 1 // nothing tells words apart
			}
		}
	}
}

// phraseBegins are what the first two bytes of phrases come to.
var phraseBegins = func() (t [256]bool) {
	for _, p := range phrases {
		t[p.text[0]^p.text[1]<<2] = true
	}
	return t
}()

func (c *context) note(t topic) {
	if t != noTopic && c.near[t] == 0 {
		c.near[t] = uint8(c.words)
	}
}
