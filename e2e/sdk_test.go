package e2e

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/bedrock"
)

// Keys of the consumers that the SDKs are. Mocks refuse what begins with "client-".
const (
	sdkKey       = "client-sdk"
	sdkNarrowKey = "client-narrow"
)

func hash(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// heldBack is a consumer with a limit that each case of a test has for itself.
func heldBack(name, rest string) string {
	return `{"name":"` + name + `","keys":[{"sha256":"` + hash("client-"+name) + `"}],"limits":[{"key":["header:x-case"],` + rest + `}]}`
}

// sdkConfig is a gateway with consumers and models, in front of mocks of its own.
func sdkConfig() string {
	provider := func(name, kind, cluster, host string) string {
		key, _ := json.Marshal(mockKey(kind))
		return `{"name":"` + name + `","type":"` + kind + `","cluster":"` + cluster + `",` + host + `"keys":[{"value":` + string(key) + `}]}`
	}
	model := func(name, target string) string {
		return `{"name":"` + name + `","targets":[{"provider":` + target + `}]}`
	}
	return `{"providers":[` + strings.Join([]string{
		provider("openai", "openai", "sdk-openai", ""),
		provider("anthropic", "anthropic", "sdk-anthropic", ""),
		provider("secure-openai", "openai", "secure-openai", `"host":"api.openai.com",`),
		provider("secure-anthropic", "anthropic", "secure-anthropic", `"host":"api.anthropic.com",`),
		provider("vertex", "vertex", "sdk-vertex", `"options":{"project":"p","token_cluster":"sdk-vertex"},`),
		provider("dead", "openai", "dead", ""),
		provider("dead-anthropic", "anthropic", "dead", ""),
		`{"name":"bedrock","type":"bedrock","cluster":"sdk-bedrock","options":{"region":"` + bedrock.Region + `"},"keys":[{"value":"` + bedrock.Session + `"}]}`,
		provider("google-ai-studio", "gemini", "sdk-gemini", ""),
		provider("mistral", "mistral", "sdk-mistral", ""),
		provider("ollama", "ollama", "sdk-ollama", ""),
		provider("huggingface", "huggingface", "sdk-huggingface", ""),
		provider("cohere", "cohere", "sdk-cohere", ""),
	}, ",") + `],"models":[` + strings.Join([]string{
		model("gpt-4o", `"openai"`), model("gpt-4o-mini", `"openai"`), model("gpt-5", `"openai"`),
		model("claude-sonnet-4-5", `"anthropic"`), model("claude-haiku-4-5", `"anthropic"`),
		model("claude-sonnet-4-5@20250929", `"vertex"`),
		model("secure-gpt-4o", `"secure-openai","model":"gpt-4o"`),
		model("secure-claude", `"secure-anthropic","model":"claude-sonnet-4-5"`),
		model("dead", `"dead"`), model("dead-claude", `"dead-anthropic"`),
		model("anthropic.*", `"bedrock"`),
		model("gemini-2.5-flash", `"google-ai-studio"`), model("gemini-3.8-flash", `"google-ai-studio"`),
		model("my-flash", `"google-ai-studio","model":"gemini-3.8-flash"`), model("gemini-*", `"google-ai-studio"`),
		model("embed-*", `"cohere"`), model("painter", `"openai","model":"gpt-image-1"`), model("ears", `"openai","model":"whisper-1"`),
		model("whisper-*", `"openai"`), model("omni-*", `"openai"`),
		model("mistral-large-latest", `"mistral"`), model("mistral-medium-latest", `"mistral"`), model("gemma3", `"ollama"`), model("qwen3", `"ollama"`),
		model("Qwen/Qwen3-32B", `"huggingface"`), model("command-a-03-2025", `"cohere"`),
		model("gpt-*", `"openai"`), model("text-embedding-*", `"openai"`), model("claude-*", `"anthropic"`),
	}, ",") + `],"consumers":[
		{"name":"sdk","keys":[{"sha256":"` + hash(sdkKey) + `"}]},
		{"name":"narrow","keys":[{"sha256":"` + hash(sdkNarrowKey) + `"}],"models":["gpt-4o-mini"]},
		` + heldBack("outrun", `"output_tokens":9000,"per":"30d"`) + `,
		` + heldBack("soon", `"requests":1,"per":"2s","burst":1`) + `,
		` + heldBack("later", `"requests":1,"per":"30d"`) + `]}`
}

// sdks adds the listener that the SDKs talk to. Their mocks are their own, so that a
// test may set what the next request gets.
func (s *suite) sdks(add func(string, envoy.Listener) error) ([]any, error) {
	s.sdkMocks = mockllm.New(mockllm.Options{RefuseChunked: true, JournalSize: 5000})
	addresses, err := s.sdkMocks.Start()
	if err != nil {
		return nil, err
	}
	s.sdkMock = addresses
	sdk := envoy.Listener{Buffer: 16 << 20, Filters: filters(sdkConfig(), false)}
	if err := add("sdk", sdk); err != nil {
		return nil, err
	}
	again := envoy.Listener{Buffer: 16 << 20, Filters: filters(strings.TrimSuffix(sdkConfig(), "}")+`,"cache":{}}`, false)}
	if err := add("cached sdk", again); err != nil {
		return nil, err
	}
	guarded := envoy.Listener{Buffer: 16 << 20, Filters: filters(strings.Replace(sdkConfig(), "{", `{"guards":[{"type":"pii"}],`, 1), false)}
	if err := add("guarded sdk", guarded); err != nil {
		return nil, err
	}
	if sdk.Certificate, sdk.Key, err = certificate(s.dir); err != nil {
		return nil, err
	}
	if err := add("secure sdk", sdk); err != nil { // AWS's SDK keeps its key to TLS
		return nil, err
	}
	var clusters []any
	for _, name := range []string{"openai", "anthropic", "vertex", "bedrock", "gemini", "mistral", "ollama", "huggingface", "cohere"} {
		clusters = append(clusters, envoy.Cluster("sdk-"+name, addresses.Of(name).Addr))
	}
	return clusters, nil
}

// certificate makes one for 127.0.0.1, which is its own authority, and its key.
func certificate(dir string) (certFile, keyFile string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "postern e2e"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return "", "", err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", "", err
	}
	certFile, keyFile = filepath.Join(dir, "listener.pem"), filepath.Join(dir, "listener.key")
	return certFile, keyFile, errors.Join(
		os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
		os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
}

// An sdkRun is test files of one SDK, with models served by one provider.
type sdkRun struct {
	name             string
	id               string // begins the prompts' marks, which have to be short
	files            []string
	provider         string // as the tests know it
	mock             string // where it is instead, if that is another
	model, reasoning string
	guarded          bool // by the listener whose gateway redacts
}

// bedrockModel has a colon, which has to be encoded in paths and signatures.
const bedrockModel = "anthropic.claude-sonnet-4-5-20250929-v1:0"

func sdkRuns() (python, node []sdkRun) {
	openAI := sdkRun{provider: "openai", model: "gpt-4o", reasoning: "gpt-5"}
	claude := sdkRun{provider: "anthropic", model: "claude-sonnet-4-5", reasoning: "claude-sonnet-4-5"}
	cloud := sdkRun{provider: "anthropic", mock: "vertex", model: "claude-sonnet-4-5@20250929", reasoning: "claude-sonnet-4-5@20250929"}
	amazon := sdkRun{provider: "bedrock", model: bedrockModel, reasoning: bedrockModel}
	flash := sdkRun{provider: "gemini", model: "gemini-3.8-flash", reasoning: "gemini-2.5-flash"}
	older := sdkRun{provider: "gemini", model: "gemini-2.5-flash", reasoning: "gemini-2.5-flash"}
	hub := sdkRun{provider: "huggingface", model: "Qwen/Qwen3-32B", reasoning: "Qwen/Qwen3-32B"}
	local := sdkRun{provider: "ollama", model: "gemma3", reasoning: "qwen3"}
	large := sdkRun{provider: "mistral", model: "mistral-medium-latest", reasoning: "mistral-medium-latest"}
	command := sdkRun{provider: "cohere", model: "command-a-03-2025", reasoning: "command-a-03-2025"}
	of := func(r sdkRun, name string, files ...string) sdkRun {
		r.name, r.files = name, files
		return r
	}
	redacted := func(r sdkRun) sdkRun {
		r.guarded = true
		return r
	}
	python = []sdkRun{
		of(openAI, "openai", "openai_native", "openai_operations", "openai_chat", "openai_limits"),
		of(claude, "anthropic", "anthropic_native", "anthropic_messages", "anthropic_limits"),
		of(openAI, "cached", "cached"),
		of(claude, "cached at anthropic", "cached"),
		of(claude, "openai at anthropic", "openai_chat"),
		of(openAI, "anthropic at openai", "anthropic_messages"),
		of(cloud, "anthropic at vertex", "anthropic_messages"),
		of(cloud, "openai at vertex", "openai_chat"),
		of(amazon, "openai at bedrock", "openai_chat"),
		of(amazon, "anthropic at bedrock", "anthropic_messages"),
		of(flash, "google-genai", "genai_native", "genai_generate", "genai_limits"),
		of(openAI, "google-genai at openai", "genai_generate"),
		of(claude, "google-genai at anthropic", "genai_generate"),
		of(older, "openai at gemini", "openai_chat"),
		of(older, "anthropic at gemini", "anthropic_messages"),
		of(large, "mistralai", "mistral_chat", "mistral_limits"),
		of(openAI, "mistralai at openai", "mistral_chat"),
		of(claude, "mistralai at anthropic", "mistral_chat"),
		of(older, "mistralai at gemini", "mistral_chat"),
		of(amazon, "boto3", "boto3_converse", "boto3_limits"),
		of(openAI, "boto3 at openai", "boto3_converse"),
		of(claude, "boto3 at anthropic", "boto3_converse"),
		of(older, "boto3 at gemini", "boto3_converse"),
		of(command, "cohere", "cohere_chat", "cohere_limits"),
		of(openAI, "cohere at openai", "cohere_chat"),
		of(claude, "cohere at anthropic", "cohere_chat"),
		of(hub, "huggingface_hub", "huggingface_chat", "huggingface_limits"),
		of(openAI, "huggingface_hub at openai", "huggingface_chat"),
		of(claude, "huggingface_hub at anthropic", "huggingface_chat"),
		of(local, "ollama", "ollama_chat", "ollama_limits"),
		of(openAI, "ollama at openai", "ollama_chat"),
		of(claude, "ollama at anthropic", "ollama_chat"),
		of(claude, "responses at anthropic", "openai_responses"),
		of(older, "responses at gemini", "openai_responses"),
		redacted(of(openAI, "redaction at openai", "redaction")),
		redacted(of(claude, "redaction at anthropic", "redaction")),
		redacted(of(older, "redaction at gemini", "redaction")),
		redacted(of(openAI, "batches", "batches")),
		of(amazon, "responses at bedrock", "openai_responses"),
	}
	node = []sdkRun{
		of(openAI, "openai", "openai_native.test.mjs", "openai_chat.test.mjs"),
		of(claude, "anthropic", "anthropic_messages.test.mjs"),
		of(claude, "openai at anthropic", "openai_chat.test.mjs"),
		of(openAI, "anthropic at openai", "anthropic_messages.test.mjs"),
		of(claude, "responses at anthropic", "openai_responses.test.mjs"),
		of(older, "responses at gemini", "openai_responses.test.mjs"),
		redacted(of(openAI, "redaction at openai", "redaction.test.mjs")),
		redacted(of(claude, "redaction at anthropic", "redaction.test.mjs")),
		redacted(of(older, "redaction at gemini", "redaction.test.mjs")),
	}
	return python, node
}

// TestSDKs runs the official SDKs, one after the other: they share mocks.
func TestSDKs(t *testing.T) {
	t.Parallel()
	s := start(t)
	python, node := sdkRuns()
	for i, r := range python {
		r.id = "p" + strconv.Itoa(i)
		t.Run("python "+r.name, func(t *testing.T) {
			s.runSDK(t, r, filepath.Join(toolsPath(), "sdk/bin/python"), append([]string{"-B", "run.py"}, r.files...), "sdk")
		})
	}
	for i, r := range node {
		r.id = "n" + strconv.Itoa(i)
		t.Run("node "+r.name, func(t *testing.T) {
			s.runSDK(t, r, "node", append([]string{"--test", "--test-concurrency=1", "--test-reporter=./reporter.mjs"}, r.files...), "sdk/node")
		})
	}
	t.Run("keys stay out", func(t *testing.T) {
		for _, v := range s.sdkMocks.Journal().Violations() {
			t.Errorf("a provider got what it must not get: %s: %s", v.Rule, v.Detail)
		}
	})
	t.Run("TLS upstream", s.checkSecureUpstreams)
}

// sdkLimit is how long one run may take.
const sdkLimit = 3 * time.Minute

// runSDK runs a program that prints a JSON line for each of its tests, and makes each
// a subtest.
func (s *suite) runSDK(t *testing.T, r sdkRun, program string, args []string, dir string) {
	ctx, cancel := context.WithTimeout(t.Context(), sdkLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), s.sdkEnvironment(t, r)...)
	var rest bytes.Buffer
	cmd.Stderr = &rest
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: run the tests by `make test`", err)
	}
	tests := 0
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var report struct {
			Test     string
			Problems []string
			Seconds  float64
		}
		if json.Unmarshal(lines.Bytes(), &report) != nil || report.Test == "" {
			rest.WriteString(lines.Text() + "\n")
			continue
		}
		tests++
		t.Run(report.Test, func(t *testing.T) {
			t.Logf("%.2f s", report.Seconds) // the program's own time, for this subtest takes none
			for _, p := range report.Problems {
				t.Error(p)
			}
		})
	}
	err = cmd.Wait()
	if err != nil && !t.Failed() || tests == 0 {
		t.Errorf("%s: %v after %d tests; it said\n%s", program, err, tests, &rest)
	}
}

func (s *suite) sdkEnvironment(t *testing.T, r sdkRun) []string {
	dead, err := envoy.DeadAddress()
	if err != nil {
		t.Fatal(err)
	}
	if r.mock == "" {
		r.mock = r.provider
	}
	listener := "sdk"
	if r.guarded {
		listener = "guarded sdk"
	}
	return []string{
		"POSTERN_URL=" + s.url(listener), "POSTERN_CACHED_URL=" + s.url("cached sdk"), "POSTERN_SECURE_URL=" + strings.Replace(s.url("secure sdk"), "http:", "https:", 1), "POSTERN_CA=" + filepath.Join(s.dir, "listener.pem"),
		"POSTERN_DEAD_URL=http://" + dead,
		"POSTERN_KEY=" + sdkKey, "POSTERN_NARROW_KEY=" + sdkNarrowKey, "POSTERN_NARROW_MODEL=gpt-4o-mini",
		"POSTERN_MODEL=" + r.model, "POSTERN_REASONING_MODEL=" + r.reasoning, "POSTERN_PROVIDER=" + r.provider,
		"POSTERN_MOCK=" + s.sdkMock.Of(r.mock).URL, "POSTERN_ACCESS_LOG=" + s.accessLog,
		"POSTERN_RUN=" + r.id, "POSTERN_TOOLS=" + toolsPath(),
		"NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1",
	}
}

// checkSecureUpstreams looks at what the SDKs' requests over TLS were like upstream.
func (s *suite) checkSecureUpstreams(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range s.secure.Journal().Entries() {
		host := "api." + e.Provider + ".com"
		if !strings.Contains(e.Body, "over TLS") || e.Provider == "" {
			continue
		}
		seen[e.Provider] = true
		if !e.TLS || e.SNI != host || e.Host != host || e.Proto != "HTTP/2.0" {
			t.Errorf("got SNI %q, host %q, %s; want %s twice and HTTP/2.0", e.SNI, e.Host, e.Proto, host)
		}
	}
	if !seen["openai"] || !seen["anthropic"] {
		t.Errorf("got requests over TLS at %v, want both providers", seen)
	}
}
