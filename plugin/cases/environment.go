package cases

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"sync"
)

// Environment is what the VM of a case's plugin has: keys for the providers that cases
// ask, none of them real.
func Environment() map[string]string {
	return map[string]string{"OPENAI_API_KEY": "sk-mock-openai", "ANTHROPIC_API_KEY": "sk-ant-mock", "GOOGLE_KEY": serviceAccount()}
}

// serviceAccount is a key file of Google's form, made anew in each process: one in the
// repository would look like a leak.
var serviceAccount = sync.OnceValue(func() string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	b, err := json.MarshalIndent(map[string]string{
		"type": "service_account", "project_id": "p", "private_key_id": "k1",
		"private_key":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"client_email": "gateway@p.iam.gserviceaccount.com", "client_id": "1", "token_uri": "https://oauth2.googleapis.com/token",
	}, "", "  ")
	if err != nil {
		panic(err)
	}
	return string(b)
})
