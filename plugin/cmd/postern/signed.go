package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/identity"
)

// keypair makes the pair of keys by which an operator signs client keys. The private one
// goes into a file that only its owner can read, and is never printed.
func keypair(c *call) error {
	if err := c.parse(); err != nil {
		return err
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(c.files[0], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // never over a key that is there
	if err != nil {
		return err
	}
	if err := errors.Join(pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der}), f.Close()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, `The private key is in %s: postern signed-key makes client keys with it.
The configuration gets the public one:

identity:
  signed_keys: {public_keys: [%q]}
`, c.files[0], base64.RawURLEncoding.EncodeToString(public))
	return err
}

// A described is what a signed key says (package identity has how it is read).
type described struct {
	ID       string          `json:"id"`
	Consumer string          `json:"consumer"`
	Tenant   string          `json:"tenant,omitempty"`
	Tier     string          `json:"tier,omitempty"`
	Models   []string        `json:"models,omitempty"`
	Tags     []string        `json:"tags,omitempty"`
	Limits   json.RawMessage `json:"limits,omitempty"`
	Issued   int64           `json:"iat"`
	Expires  int64           `json:"exp"`
}

// words is a flag that may be given more than once.
type words []string

func (w *words) String() string     { return strings.Join(*w, ",") }
func (w *words) Set(s string) error { *w = append(*w, s); return nil }

// lifetime is a flag in the units of the configuration.
type lifetime time.Duration

func (l *lifetime) String() string { return strict.FormatDuration(time.Duration(*l)) }
func (l *lifetime) Set(s string) error {
	d, ok := strict.ParseDuration(s)
	if !ok || d < time.Second {
		return errors.New("want a time such as 30d or 12h")
	}
	*l = lifetime(d)
	return nil
}

// signedKey makes a client key that says itself whose it is.
func signedKey(c *call) error {
	d := described{}
	span := lifetime(90 * 24 * time.Hour)
	limits := ""
	c.flags.StringVar(&d.Consumer, "consumer", "", "what logs and limits call the consumer (required)")
	c.flags.StringVar(&d.ID, "id", "", "by what it can be revoked; made up if not given")
	c.flags.StringVar(&d.Tenant, "tenant", "", "what the consumer belongs to")
	c.flags.StringVar(&d.Tier, "tier", "", "the consumer's kind of contract")
	c.flags.Var((*words)(&d.Models), "model", "`name` or pattern of a model that it may use; again for more; none means all")
	c.flags.Var((*words)(&d.Tags), "tag", "a `tag`; again for more")
	c.flags.StringVar(&limits, "limits", "", "limits of its own, a JSON `list` as the configuration's")
	c.flags.Var(&span, "for", "how long it holds, such as 30d or 12h")
	if err := c.parse(); err != nil {
		return err
	}
	private, err := privateKey(c.files[0])
	if err != nil {
		return err
	}
	if d.ID == "" {
		d.ID = rand.Text()[:16]
	}
	if limits != "" {
		d.Limits = json.RawMessage(limits)
	}
	now := time.Now()
	d.Issued, d.Expires = now.Unix(), now.Add(time.Duration(span)).Unix()
	key, err := d.sign(private)
	if err != nil {
		return err
	}
	// What the gateway would refuse is not made.
	if p := refusal(key, private.Public().(ed25519.PublicKey), now); p != nil {
		return errors.New("the gateway would refuse this key: " + p.Message)
	}
	_, err = fmt.Fprintf(c.out, `key      %s
id       %s
expires  %s

The key is for the client and is stored nowhere. Its id revokes it:

identity:
  signed_keys: {revoked: [%q]}
`, key, d.ID, time.Unix(d.Expires, 0).UTC().Format(time.RFC3339), d.ID)
	return err
}

func (d *described) sign(private ed25519.PrivateKey) (string, error) {
	payload, err := json.Marshal(d)
	if err != nil {
		return "", errors.New("--limits: want JSON: " + err.Error())
	}
	text := identity.SignedPrefix + base64.RawURLEncoding.EncodeToString(payload)
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(private, []byte(text))), nil
}

// refusal is what the gateway would say of a key.
func refusal(key string, public ed25519.PublicKey, now time.Time) *identity.Problem {
	g := &identity.Gate{Signed: &identity.Signed{}}
	if err := g.Signed.Add(base64.RawURLEncoding.EncodeToString(public)); err != nil {
		return &identity.Problem{Message: err.Error()}
	}
	_, p := g.ReadSigned(key, now.Unix())
	return p
}

func privateKey(file string) (ed25519.PrivateKey, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, fmt.Errorf("%s: want a private key in PEM, as postern keypair writes it", file)
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	private, ok := k.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("%s: want an Ed25519 private key, as postern keypair writes it", file)
	}
	return private, nil
}
