package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/e2e/mockllm"
)

func TestServesUntilItIsStopped(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"-openai", "127.0.0.1:0", "-openai-key", "sk-own", "-behaviour", "latency=1ms"}, w, io.Discard)
	}()
	lines := bufio.NewScanner(r)
	for _, p := range mockllm.Providers() {
		want := struct{ provider, key string }{p.Name, p.Key}
		if p.Name == "openai" {
			want.key = "sk-own"
		}
		if !lines.Scan() {
			t.Fatalf("no line for %s: %v", want.provider, <-ended)
		}
		var line struct{ Provider, URL, Key string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line.Provider != want.provider || want.key != "" && line.Key != want.key {
			t.Errorf("got %+v, want %+v", line, want)
		}
		resp, err := http.Get(line.URL + "/mock/health")
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 200 {
			t.Errorf("%s: got %d, want 200", line.URL, resp.StatusCode)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, r) }() // the lines of further providers
	stop()
	if err := <-ended; err != nil {
		t.Errorf("stopping: %v", err)
	}
}

func TestWritesItsAuthority(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	stop() // it listens, writes and stops
	file := filepath.Join(t.TempDir(), "ca.pem")
	var out bytes.Buffer
	if err := run(ctx, []string{"-tls", "-ca-out", file, "-hosts", "a.example,b.example"}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if block, _ := pem.Decode(b); err != nil || block == nil || block.Type != "CERTIFICATE" {
		t.Errorf("got %q, %v, want a certificate", b, err)
	}
	if !strings.Contains(out.String(), `"url":"https://127.0.0.1:`) {
		t.Errorf("got %s, want https addresses", out.String())
	}
}

func TestRefusesFlags(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, want string
		args       []string
	}{
		{"an address for everybody", "want a loopback address", []string{"-openai", "0.0.0.0:0"}},
		{"an address without port", "missing port", []string{"-anthropic", "127.0.0.1"}},
		{"an authority without TLS", "-ca-out needs -tls", []string{"-ca-out", "x"}},
		{"an argument", `unexpected argument "x"`, []string{"x"}},
		{"an unknown directive", "unknown mock directive", []string{"-behaviour", "crfl"}},
		{"an unknown flag", "not defined", []string{"-nobody", "x"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := run(t.Context(), tt.args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	var help bytes.Buffer
	if err := run(t.Context(), []string{"--help"}, io.Discard, &help); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("got %v, want help", err)
	}
	for _, want := range []string{"-openai address", "-anthropic-key key", "-tls", "-ca-out file", "truncate-json"} {
		if !strings.Contains(help.String(), want) {
			t.Errorf("no %q in the help:\n%s", want, help.String())
		}
	}
}
