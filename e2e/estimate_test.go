package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A countedText is a text and how many tokens o200k_base makes of it.
type countedText struct {
	kind, text string
	tokens     int
}

// countedTexts reads the texts to which the estimate was fitted. The estimate's own
// test counts whole texts; here they are cut where a client happens to hang up.
func countedTexts(t *testing.T, most int) []countedText {
	b, err := os.ReadFile("../adapters/chat/testdata/estimate.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var out []countedText
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != 3 || strings.Contains(f[2], "]]") { // which would end the mock's directive
			continue
		}
		c := countedText{kind: f[0]}
		if c.tokens, err = strconv.Atoi(f[1]); err != nil {
			t.Fatal(err)
		}
		if err = json.Unmarshal([]byte(f[2]), &c.text); err != nil {
			t.Fatal(err)
		}
		out = append(out, c)
	}
	if len(out) < most {
		t.Fatalf("got %d texts, want at least %d", len(out), most)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(out), func(i, k int) { out[i], out[k] = out[k], out[i] })
	return out[:most]
}

// TestEstimateOfStreamsThatClientsAbort compares what the access log says about
// streams whose client hung up with what was delivered until then.
func TestEstimateOfStreamsThatClientsAbort(t *testing.T) {
	t.Parallel()
	s := start(t)
	const texts, atOnce, most = 50, 10, 0.15
	random := rand.New(rand.NewPCG(3, 4))
	all := countedTexts(t, texts)
	ways := []way{
		{"/v1/chat/completions", "gpt-4o"},
		{"/v1/messages", "claude-haiku-4-5"},
		{"/v1/chat/completions", "anthropic/claude-haiku-4-5"}, // translated
		{"/v1/messages", "openai/gpt-4o"},
	}
	got := make([]delivery, texts)
	slots := make(chan struct{}, atOnce)
	var clients sync.WaitGroup
	for i, c := range all {
		enough := int((0.25 + 0.7*random.Float64()) * float64(len(c.text)))
		clients.Go(func() {
			slots <- struct{}{}
			got[i] = s.hangUp(t.Context(), "estimate-"+strconv.Itoa(i), ways[i%len(ways)], c.text, enough)
			<-slots
		})
	}
	clients.Wait()
	var vocabulary, mock []float64
	for i, c := range all {
		if got[i].err != nil {
			t.Fatalf("%s: %v", c.kind, got[i].err)
		}
		var record struct {
			Error     string  `json:"error"`
			Estimated bool    `json:"estimated"`
			Output    float64 `json:"output_tokens"`
		}
		if err := json.Unmarshal([]byte(s.record(t, "estimate-"+strconv.Itoa(i))), &record); err != nil {
			t.Fatalf("%s: %v", c.kind, err)
		}
		if record.Error != "aborted" || !record.Estimated {
			t.Errorf("%s: got %+v, want an estimate of an aborted stream", c.kind, record)
		}
		// Each text is of one kind throughout, so its tokens are spread evenly.
		counted := float64(c.tokens) * float64(got[i].bytes) / float64(len(c.text))
		vocabulary = append(vocabulary, math.Abs(record.Output/counted-1))
		mock = append(mock, math.Abs(record.Output/float64(got[i].deltas)-1))
	}
	slices.Sort(vocabulary)
	slices.Sort(mock)
	t.Logf("median error against o200k_base %.1f %% (90 of 100 within %.1f %%), against the mock's own tokens %.1f %%",
		100*vocabulary[texts/2], 100*vocabulary[texts*9/10], 100*mock[texts/2])
	if median := max(vocabulary[texts/2], mock[texts/2]); median > most {
		t.Errorf("got a median error of %.1f %%, want at most %.0f %%", 100*median, 100*most)
	}
}

// A way is how a text comes to a client: by its dialect, from a provider.
type way struct{ path, model string }

// A delivery is what a client got until it hung up. Each delta is one of the mock's
// own tokens.
type delivery struct {
	bytes, deltas int
	err           error
}

// hangUp asks for a stream of text and leaves once that many bytes of it have come.
func (s *suite) hangUp(ctx context.Context, id string, by way, text string, enough int) (d delivery) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	prompt, _ := json.Marshal("[[mock:interval=8ms;text=" + text + "]]") // a string always can be
	body := `{"model":"` + by.model + `","stream":true,"max_tokens":4000,"messages":[{"role":"user","content":` + string(prompt) + `}]}`
	r, err := http.NewRequestWithContext(ctx, "POST", s.url("main")+by.path, strings.NewReader(body))
	if err != nil {
		d.err = err
		return d
	}
	r.Header.Set("content-type", "application/json")
	r.Header.Set("x-case", id)
	r.Header.Set("anthropic-version", "2023-06-01")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		d.err = err
		return d
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for d.bytes < enough && lines.Scan() {
		var chunk struct {
			Choices []struct{ Delta struct{ Content string } } // OpenAI's
			Delta   struct{ Text string }                      // Anthropic's
		}
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || json.Unmarshal([]byte(data), &chunk) != nil {
			continue
		}
		content := chunk.Delta.Text
		for _, choice := range chunk.Choices {
			content += choice.Delta.Content
		}
		if content != "" {
			d.bytes += len(content)
			d.deltas++
		}
	}
	d.err = lines.Err()
	return d
}
