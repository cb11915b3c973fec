package redact

// An Entity is a kind of thing that is found. Names are those of Presidio where it has one
// (https://microsoft.github.io/presidio/supported_entities/).
type Entity uint8

// Entities.
const (
	None Entity = iota
	PrivateKey
	JWT
	URLCredentials
	APIKey
	Crypto
	Email
	IBAN
	CreditCard
	IPAddress
	MACAddress
	USSSN
	USITIN
	USPassport
	USBankNumber
	UKNHS
	UKNINO
	CASIN
	AUTFN
	AUABN
	AUMedicare
	INPAN
	INAadhaar
	SGNRIC
	ESNIF
	ESNIE
	ITFiscalCode
	DETaxID
	FRNIR
	PLPESEL
	BRCPF
	BRCNPJ
	CNResidentID
	KRRRN
	JPMyNumber
	Phone
	DateOfBirth
	NumEntities // not one: how many there are. Own terms and patterns count from here.
)

var entityNames = [NumEntities]string{"", "PRIVATE_KEY", "JWT", "URL_CREDENTIALS", "API_KEY", "CRYPTO", "EMAIL_ADDRESS", "IBAN_CODE",
	"CREDIT_CARD", "IP_ADDRESS", "MAC_ADDRESS", "US_SSN", "US_ITIN", "US_PASSPORT", "US_BANK_NUMBER", "UK_NHS", "UK_NINO", "CA_SIN",
	"AU_TFN", "AU_ABN", "AU_MEDICARE", "IN_PAN", "IN_AADHAAR", "SG_NRIC_FIN", "ES_NIF", "ES_NIE", "IT_FISCAL_CODE", "DE_TAX_ID",
	"FR_NIR", "PL_PESEL", "BR_CPF", "BR_CNPJ", "CN_RESIDENT_ID", "KR_RRN", "JP_MY_NUMBER", "PHONE_NUMBER", "DATE_OF_BIRTH"}

// String is the entity's name in configurations, placeholders and counts.
func (e Entity) String() string { return entityNames[e] }

// Entities are the names of all that can be found, in their order.
func Entities() []string { return entityNames[1:] }

// A Set is which entities are looked for.
type Set uint64

// All is every entity.
const All Set = 1<<NumEntities - 2

// Has reports whether e is looked for.
func (s Set) Has(e Entity) bool { return s>>e&1 != 0 }

// With is the set and e.
func (s Set) With(e Entity) Set { return s | 1<<e }

// Without is the set but for e.
func (s Set) Without(e Entity) Set { return s &^ (1 << e) }

// Named is the entity of that name; None if there is none.
func Named(name string) Entity {
	for e := range NumEntities {
		if entityNames[e] == name {
			return e
		}
	}
	return None
}
