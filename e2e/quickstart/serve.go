package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/postern-gateway/postern/e2e/mockllm"
	"github.com/postern-gateway/postern/e2e/mockllm/script"
)

// pace makes the mocks slow enough to see a stream come.
func pace() script.Behaviour {
	return script.Behaviour{Latency: 100 * time.Millisecond, Interval: 40 * time.Millisecond}
}

// run serves until ctx ends.
func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	o, err := parse(args, errOut)
	if err != nil {
		return err
	}
	mocks := mockllm.New(mockllm.Options{Behaviour: pace()})
	addresses, err := mocks.Start()
	if err != nil {
		return fmt.Errorf("start the mock providers: %w", err)
	}
	defer mocks.Close()
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return err
	}
	admin, err := freeAddress()
	if err != nil {
		return err
	}
	bootstrap := filepath.Join(o.dir, "quickstart.yaml")
	if err := writeBootstrap(ctx, o, addresses, admin, bootstrap); err != nil {
		return err
	}
	cmd, err := hostCommand(ctx, o, bootstrap)
	if err != nil {
		return err
	}
	cmd.Env = os.Environ()
	for variable, provider := range map[string]string{"OPENAI_API_KEY": "openai", "ANTHROPIC_API_KEY": "anthropic"} {
		cmd.Env = append(cmd.Env, variable+"="+mocks.Key(provider))
	}
	p, err := start(cmd, out, filepath.Join(o.dir, "quickstart.log"))
	if err != nil {
		return err
	}
	defer p.stop()
	if err := p.ready(ctx, "http://"+admin+"/ready"); err != nil {
		if ctx.Err() != nil {
			return nil // interrupted while it started
		}
		return err
	}
	fmt.Fprint(out, welcome(o, admin))
	select {
	case <-ctx.Done():
		return nil
	case <-p.done:
		return p.ended()
	}
}

// writeBootstrap has the project's own command write it, as a user would.
func writeBootstrap(ctx context.Context, o options, addresses mockllm.Addresses, admin, file string) error {
	module, err := filepath.Abs(o.module)
	if err != nil {
		return err
	}
	if _, err := os.Stat(module); err != nil {
		return fmt.Errorf("--module: %w; `make build` makes it", err)
	}
	args := []string{"run", "./plugin/cmd/postern", "envoy", o.config, "--listen", o.listen, "--admin", admin, "--module", module, "--out", file}
	for _, provider := range []string{"openai", "anthropic"} { // those of the configuration
		a := addresses.Of(provider)
		args = append(args, "--upstream", a.Provider+"="+a.URL)
	}
	b, err := exec.CommandContext(ctx, "go", args...).CombinedOutput()
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("write the bootstrap: %w\n%s", err, b)
	}
	return ctx.Err()
}

// hostCommand is the command that serves a bootstrap.
func hostCommand(ctx context.Context, o options, bootstrap string) (*exec.Cmd, error) {
	if o.host == "envoy" {
		if _, err := os.Stat(o.envoy); err != nil {
			return nil, fmt.Errorf("--envoy: %w; `make tools` fetches it", err)
		}
		return exec.Command(o.envoy, "-c", bootstrap, "--concurrency", "1", "--use-dynamic-base-id",
			"--file-flush-interval-msec", "50"), nil
	}
	binary := filepath.Join(o.dir, "hostsim")
	b, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./hostsim/cmd/hostsim").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("build the host simulator: %w\n%s", err, b)
	}
	return exec.Command(binary, "serve", "-c", bootstrap), nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// A try is a request for a newcomer to send.
type try struct {
	about, path string
	headers     []string
	body        string
}

func tries() []try {
	return []try{
		{"An answer in one piece, from OpenAI's API:", "/v1/chat/completions", nil,
			`{"model": "gpt-4o", "messages": [{"role": "user", "content": "Say hello."}]}`},
		{"A stream, from Anthropic's:", "/v1/messages", []string{"anthropic-version: 2023-06-01"},
			`{"model": "claude-sonnet-4-5", "max_tokens": 200, "stream": true, "messages": [{"role": "user", "content": "Count to ten."}]}`},
	}
}

// welcome says what is served and how to try it.
func welcome(o options, admin string) string {
	s := fmt.Sprintf("\nPostern serves http://%s in %s, with mock providers behind it.\n", o.listen, o.host)
	for _, t := range tries() {
		s += "\n" + t.about + "\n\n  curl -N http://" + o.listen + t.path + " -H 'content-type: application/json'"
		for _, h := range t.headers {
			s += " -H '" + h + "'"
		}
		s += " -d '" + t.body + "'\n"
	}
	return s + fmt.Sprintf("\nMetrics: http://%s/stats/prometheus. The proxy's configuration: %s.\n"+
		"Ctrl-C ends it. The access log follows, a line for each request.\n\n", admin, filepath.Join(o.dir, "quickstart.yaml"))
}

// reachable reports whether a page answers 200.
func reachable(ctx context.Context, url string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}
