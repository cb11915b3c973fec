package e2e

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/envoy"
	"github.com/postern-gateway/postern/e2e/mockllm"
)

// confined is a module that may have no more memory than so many pages of 64 KiB: one more
// traps, as it does where a host bounds the memory of plugins.
func confined(module []byte, pages uint64) ([]byte, error) {
	const header, memorySection, hasMost = 8, 5, 1
	out := append([]byte(nil), module[:header]...)
	for rest := module[header:]; len(rest) > 0; {
		id := rest[0]
		size, n := binary.Uvarint(rest[1:])
		if n <= 0 || uint64(len(rest)) < uint64(1+n)+size {
			return nil, errors.New("the module is cut off")
		}
		whole, body := rest[:1+n+int(size)], rest[1+n:1+n+int(size)]
		rest = rest[len(whole):]
		if id != memorySection {
			out = append(out, whole...)
			continue
		}
		if len(body) < 3 || body[0] != 1 {
			return nil, errors.New("the module has not one memory")
		}
		least, _ := binary.Uvarint(body[2:])
		memory := binary.AppendUvarint(binary.AppendUvarint([]byte{1, hasMost}, least), max(least, pages))
		out = append(binary.AppendUvarint(append(out, id), uint64(len(memory))), memory...)
	}
	return out, nil
}

// A worker that traps takes along what it had under way, and nothing else: it is loaded
// again, and what it had counted is still there.
func TestAWorkerThatTrapsIsLoadedAgain(t *testing.T) {
	t.Parallel()
	module, err := os.ReadFile(modulePath())
	if err != nil {
		t.Fatal(err)
	}
	if module, err = confined(module, 448); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	small := filepath.Join(dir, "confined.wasm")
	if err := os.WriteFile(small, module, 0o600); err != nil {
		t.Fatal(err)
	}
	mocks := mockllm.New(mockllm.Options{JournalSize: 10})
	addresses, err := mocks.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mocks.Close() })
	address, err := envoy.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	config := `{"providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"value":"` + mockKey("openai") + `"}]}],
		"bounds":{"request":"64MiB"},"limits":[{"key":[],"requests":5,"per":"1d"}]}`
	plugin := envoy.Plugin{Module: small, Configuration: config, Environment: environment, Reload: true}
	l := envoy.Listener{Address: address, Buffer: 64 << 20, Filters: []any{plugin.Filter()}}
	p, err := envoy.Start(envoy.Options{Binary: envoyPath(), Dir: dir, Concurrency: 1, Bootstrap: map[string]any{
		"static_resources": map[string]any{"listeners": []any{l.Build()}, "clusters": []any{envoy.Cluster("openai", addresses.Of("openai").Addr)}}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	post := func(body string) (status int, answer string, err error) {
		r, err := http.Post("http://"+address+"/v1/chat/completions", "application/json", strings.NewReader(body))
		if err != nil {
			return 0, "", err
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		return r.StatusCode, string(b), err
	}
	if status, answer, err := post(ask("Hi")); status != 200 {
		t.Fatalf("got %d, %v: %s, want an answer", status, err, answer)
	}
	open := make(chan error, 1)
	go func() {
		status, answer, err := post(askStream("[[mock:chunks=500;interval=20ms]] a long story"))
		if err == nil || status != 200 || strings.Contains(answer, "[DONE]") {
			open <- fmt.Errorf("got %d, %v, ... %s, want a stream that breaks off", status, err, answer[max(0, len(answer)-200):])
			return
		}
		open <- nil
	}()
	eventually(t, "the stream is under way", func() bool {
		all, err := readStats(p)
		return err == nil && all["http.test.downstream_rq_active"] >= 1
	})
	if status, answer, err := post(ask(strings.Repeat("much too much ", 2<<20))); status != 503 || answer != "" || err != nil {
		t.Errorf("the request that trapped got %d, %v: %.300s, want 503 and nothing", status, err, answer)
	}
	if err := <-open; err != nil {
		t.Error(err)
	}
	eventually(t, "the worker is there again", func() bool {
		status, _, err := post(ask("Hi"))
		return err == nil && status == 200
	})
	if !strings.Contains(p.Log(), "Function: malloc failed") {
		t.Errorf("nothing has trapped: %s", p.LogTail())
	}
	// The limit has counted one before, the stream, and the one that has found the worker there.
	for i, want := range [...]int{200, 200, 429} {
		if status, answer, err := post(ask("Hi")); status != want {
			t.Errorf("request %d after the trap: got %d, %v: %.200s, want %d", i+2, status, err, answer, want)
		}
	}
}
