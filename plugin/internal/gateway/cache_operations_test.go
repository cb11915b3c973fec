package gateway_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/plugin/cases"
)

// formOf is a request of a form with fields and a file.
func formOf(path, file string, fields ...string) cases.Message {
	var b strings.Builder
	for i := 0; i+1 < len(fields); i += 2 {
		b.WriteString("--B\r\nContent-Disposition: form-data; name=\"" + fields[i] + "\"\r\n\r\n" + fields[i+1] + "\r\n")
	}
	b.WriteString("--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\nContent-Type: audio/wav\r\n\r\n" + file + "\r\n--B--\r\n")
	return cases.Message{First: "POST " + path, Body: []byte(b.String()), Headers: []cases.Header{{Name: "content-type", Value: "multipart/form-data; boundary=B"}}}
}

func typed(kind, body string) cases.Message {
	return cases.Message{First: "200", Headers: []cases.Header{{Name: "content-type", Value: kind}}, Body: []byte(body)}
}

// TestOtherOperations asks each operation twice: in other words, which is a hit with the very
// bytes of the first answer, and for something else, which is none.
func TestOtherOperations(t *testing.T) {
	t.Parallel()
	const (
		ranking  = `{"id":"r","results":[{"index":1,"relevance_score":0.9}],"meta":{"billed_units":{"search_units":1}}}`
		verdict  = `{"id":"modr-1","model":"omni","results":[{"flagged":false,"categories":{"hate":false}}]}`
		picture  = `{"created":1,"data":[{"b64_json":"aGFsbG8="}],"usage":{"input_tokens":5,"output_tokens":20}}`
		heard    = `{"text":"Hello.","usage":{"type":"duration","seconds":12}}`
		subtitle = "1\n00:00:00,000 --> 00:00:01,000\nHello.\n"
	)
	for _, tt := range []struct {
		name        string
		provider    string
		first, like cases.Message
		others      []cases.Message
		answer      cases.Message
	}{
		{"rerank", "vllm", post("/v1/rerank", `{"model":"m","query":"q","documents":["a","b"],"top_n":1}`), post("/v1/rerank", `{ "top_n": 1.0, "documents":["\u0061","b"],"query":"q","model":"openai/m","user":"u"}`),
			[]cases.Message{post("/v1/rerank", `{"model":"m","query":"q","documents":["b","a"],"top_n":1}`), post("/v1/rerank", `{"model":"m","query":"q","documents":["a","b"],"top_n":2}`), post("/v1/rerank", `{"model":"other","query":"q","documents":["a","b"],"top_n":1}`), post("/v2/rerank", `{"model":"m","query":"q","documents":["a","b"],"top_n":1}`)},
			jsonAnswer("200", ranking)},
		{"rerank by another API", "cohere", post("/v1/rerank", `{"model":"m","query":"q","documents":["a","b"],"return_documents":true}`), post("/v1/rerank", `{"query":"q","documents":["a","b"],"model":"m","return_documents":true}`),
			[]cases.Message{post("/v1/rerank", `{"model":"m","query":"q","documents":["a","b"]}`), post("/v1/rerank", `{"model":"m","query":"q","documents":["a",{"text":"b"}],"return_documents":true}`)}, jsonAnswer("200", ranking)},
		{"moderation", "openai", post("/v1/moderations", `{"model":"m","input":"a"}`), post("/v1/moderations", `{"input":"a","model":"m"}`),
			[]cases.Message{post("/v1/moderations", `{"model":"m","input":"b"}`), post("/v1/moderations", `{"model":"m","input":["a"]}`), post("/v1/moderations", `{"model":"other","input":"a"}`)}, jsonAnswer("200", verdict)},
		{"images", "openai", post("/v1/images/generations", `{"model":"m","prompt":"a cat","response_format":"b64_json"}`), post("/v1/images/generations", `{"model":"m","response_format":"b64_json","prompt":"a cat","user":"u","n":null}`),
			[]cases.Message{post("/v1/images/generations", `{"model":"m","prompt":"a cat"}`), post("/v1/images/generations", `{"model":"m","prompt":"a cat","response_format":"b64_json","n":2}`), post("/v1/images/generations", `{"model":"m","prompt":"a dog","response_format":"b64_json"}`)}, jsonAnswer("200", picture)},
		{"transcription", "openai", formOf("/v1/audio/transcriptions", "RIFF\x00", "model", "m", "language", "en"), formOf("/v1/audio/transcriptions", "RIFF\x00", "language", "en", "model", "openai/m", "user", "u"),
			[]cases.Message{formOf("/v1/audio/transcriptions", "RIFF\x01", "model", "m", "language", "en"), formOf("/v1/audio/transcriptions", "RIFF\x00", "model", "m", "language", "de"), formOf("/v1/audio/transcriptions", "RIFF\x00", "model", "m"),
				formOf("/v1/audio/transcriptions", "RIFF\x00", "model", "other", "language", "en"), formOf("/v1/audio/translations", "RIFF\x00", "model", "m", "language", "en"), formOf("/v1/audio/transcriptions", "RIFF\x00", "model", "m", "language", "en", "language", "en")},
			jsonAnswer("200", heard)},
		{"subtitles", "openai", formOf("/v1/audio/transcriptions", "RIFF", "model", "m", "response_format", "srt"), formOf("/v1/audio/transcriptions", "RIFF", "response_format", "srt", "model", "m"),
			[]cases.Message{formOf("/v1/audio/transcriptions", "RIFF", "model", "m", "response_format", "vtt")}, typed("text/plain; charset=utf-8", subtitle)},
		{"image edits", "openai", formOf("/v1/images/edits", "PNG", "model", "m", "prompt", "a hat"), formOf("/v1/images/edits", "PNG", "prompt", "a hat", "model", "m"),
			[]cases.Message{formOf("/v1/images/edits", "PNG2", "model", "m", "prompt", "a hat"), formOf("/v1/images/edits", "PNG", "model", "m", "prompt", "a bat")}, jsonAnswer("200", picture)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, strings.Replace(cached(`{}`, ""), `"type":"openai"`, `"type":"`+tt.provider+`"`, 1))
			first := p.exchange(tt.first, tt.answer)
			x := p.exchange(tt.like, tt.answer)
			if x.upstream != nil || x.response.Get("x-postern-cache") != "hit" {
				t.Fatalf("asked again: %s; records %s, %s", x.response, first.record, x.record)
			}
			if string(x.response.Body) != string(first.response.Body) || x.response.Get("content-type") != tt.answer.Headers[0].Value {
				t.Errorf("got %s, want %s", x.response, tt.answer)
			}
			for i, o := range tt.others {
				if x := p.exchange(o, tt.answer); x.response.Get("x-postern-cache") != "miss" {
					t.Errorf("other %d: got %s, want a miss", i, x.response)
				}
			}
		})
	}
}

// TestWhatOtherOperationsNeverKeep has answers that are no good again.
func TestWhatOtherOperationsNeverKeep(t *testing.T) {
	t.Parallel()
	images := func(more string) cases.Message {
		return post("/v1/images/generations", `{"model":"m","prompt":"a cat"`+more+`}`)
	}
	heard := func(fields ...string) cases.Message {
		return formOf("/v1/audio/transcriptions", "RIFF", append([]string{"model", "m"}, fields...)...)
	}
	vectors := post("/v1/embeddings", `{"model":"m","input":"a"}`)
	status := func(code string, m cases.Message) cases.Message {
		m.First = code
		return m
	}
	const ok = `{"data":[{"b64_json":"aGFsbG8="}]}`
	packed := jsonAnswer("200", ok)
	packed.Headers = append(packed.Headers, cases.Header{Name: "content-encoding", Value: "br"})
	for _, tt := range []struct {
		name, cache string
		ask, answer cases.Message
		why         string // empty: it is kept
	}{
		{"an image", `{}`, images(""), jsonAnswer("200", ok), ""},
		{"an error", `{}`, images(""), status("500", jsonAnswer("200", ok)), "error"},
		{"too many requests", `{}`, images(""), status("429", jsonAnswer("200", `{"error":{"message":"no"}}`)), "error"},
		{"an error that says that all is well", `{}`, images(""), jsonAnswer("200", `{"error":{"message":"no"}}`), "error"},
		{"what is no JSON", `{}`, images(""), jsonAnswer("200", `<html>`), "unread"},
		{"half of it", `{}`, images(""), jsonAnswer("200", ok[:20]), "unread"},
		{"a list", `{}`, images(""), jsonAnswer("200", `[]`), "unread"},
		{"what is packed", `{}`, images(""), packed, "unread"},
		{"an image that is elsewhere", `{}`, images(""), jsonAnswer("200", `{"data":[{"url":"https://images.example/1"}]}`), "url"},
		{"a large image", `{"max_answer":"1KiB"}`, images(""), jsonAnswer("200", `{"data":[{"b64_json":"`+strings.Repeat("aaaa", 300)+`"}]}`), "size"},
		{"a stream of images", `{}`, images(`,"stream":true`), events(`{"type":"image_generation.completed","b64_json":"aGFsbG8="}`), "stream"},
		{"an image that the client wants forgotten", `{}`, images(`,"store":false`), jsonAnswer("200", ok), "store"},
		{"a transcript", `{}`, heard(), jsonAnswer("200", `{"text":"Hi"}`), ""},
		{"a transcript of a high temperature", `{"max_temperature":0.5}`, heard("temperature", "0.7"), jsonAnswer("200", `{"text":"Hi"}`), "temperature"},
		{"a transcript as a stream", `{}`, heard("stream", "true"), events(`{"type":"transcript.text.done","text":"Hi"}`), "stream"},
		{"no transcript", `{}`, heard("response_format", "text"), typed("text/plain", "\x00"), ""},
		{"sound", `{}`, heard(), typed("audio/mpeg", "ID3"), "media"},
		{"a long transcript", `{"max_answer":"1KiB"}`, heard("response_format", "text"), typed("text/plain", strings.Repeat("Hi. ", 300)), "size"},
		{"a vector", `{}`, vectors, jsonAnswer("200", `{"data":[{"index":0,"embedding":[1]}]}`), ""},
		{"a vector too many", `{}`, vectors, jsonAnswer("200", `{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1]}]}`), "unread"},
		{"a vector too few", `{}`, vectors, jsonAnswer("200", `{"data":[]}`), "unread"},
		{"no vector", `{}`, vectors, jsonAnswer("200", `{"data":[{"index":0,"embedding":null}]}`), "unread"},
		{"an error in the place of a vector", `{}`, vectors, status("400", jsonAnswer("200", `{"error":{"message":"no"}}`)), "error"},
		{"a long vector", `{"max_answer":"1KiB"}`, vectors, jsonAnswer("200", `{"data":[{"index":0,"embedding":[1`+strings.Repeat(",1", 600)+`]}]}`), "size"},
		{"a vector for a use that is not known", `{}`, post("/v1/embeddings", `{"model":"m","input":"a","input_type":"poetry"}`), jsonAnswer("200", `{"data":[{"index":0,"embedding":[1]}]}`), "unread"},
		{"a vector in a cache without time", `{"ttl":"0s"}`, vectors, jsonAnswer("200", `{"data":[{"index":0,"embedding":[1]}]}`), "ttl"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, cached(tt.cache, ""))
			first := p.exchange(tt.ask, tt.answer)
			if tt.why != "" && !strings.Contains(string(first.record), `"cache_reason":"`+tt.why+`"`) {
				t.Errorf("got record %s, want reason %s", first.record, tt.why)
			}
			if hit := p.exchange(tt.ask, jsonAnswer("200", ok)).response.Get("x-postern-cache") == "hit"; hit != (tt.why == "") {
				t.Errorf("kept: got %v, want %v; record %s", hit, tt.why == "", first.record)
			}
		})
	}
	for _, ask := range []cases.Message{images(""), heard(), heard("response_format", "text"), vectors} { // whose client hangs up
		p := newProxy(t, cached(`{}`, ""))
		x := p.stream()
		x.request(ask)
		x.begin([]adapters.Header{{Name: ":status", Value: "200"}, {Name: "content-type", Value: "text/plain"}, {Name: "content-length", Value: "1000000"}}, false)
		x.chunk([]byte(`{"text":"Hi"}`), false)
		x.done()
		if y := p.exchange(ask, jsonAnswer("200", ok)); y.response.Get("x-postern-cache") == "hit" {
			t.Errorf("half of an answer was kept: %s", y.response)
		}
	}
}

// vectorOf is what the provider below makes of a text.
func vectorOf(text string) string {
	return `[0.` + strings.Map(func(r rune) rune { return '1' + r%8 }, text) + `,-0.5]`
}

// embedder answers a request that has got through as OpenAI does: with the vectors in reverse,
// told apart by their indexes, and 10 tokens for each.
func embedder(t *testing.T, x *exchange) cases.Message {
	t.Helper()
	_, rest, ok := strings.Cut(string(x.upstream.Body), `"input":[`)
	if !ok {
		t.Fatalf("the provider got %s", x.upstream.Body)
	}
	rest, _, _ = strings.Cut(rest, "]")
	texts := strings.Split(rest, ",")
	var data []string
	for i := len(texts) - 1; i >= 0; i-- {
		data = append(data, `{"object":"embedding","index":`+strconv.Itoa(i)+`,"embedding":`+vectorOf(strings.Trim(texts[i], `"`))+`}`)
	}
	n := strconv.Itoa(10 * len(texts))
	return jsonAnswer("200", `{"object":"list","data":[`+strings.Join(data, ",")+`],"model":"e","usage":{"prompt_tokens":`+n+`,"total_tokens":`+n+`}}`)
}

// embeddingsOf is what a client reads of an answer: its vectors in the order of their indexes.
func embeddingsOf(texts ...string) string {
	var all []string
	for i, s := range texts {
		all = append(all, `{"object":"embedding","index":`+strconv.Itoa(i)+`,"embedding":`+vectorOf(s)+`}`)
	}
	return `"data":[` + strings.Join(all, ",") + `]`
}

// TestEmbeddingsByInput asks for lists of texts, of which some are there.
func TestEmbeddingsByInput(t *testing.T) {
	t.Parallel()
	p := newProxy(t, cached(`{"ttl":"1m"}`, `,"client_headers":{"aliases":"cloudflare"},"catalog":[{"model":"gpt-4o-mini","prices":[{"input":100}]}]`))
	list := func(texts ...string) string { return `["` + strings.Join(texts, `","`) + `"]` }
	for _, tt := range []struct {
		name, input, more string
		asked             string // inputs that the provider gets; empty: none
		status            string
		want              string // in the answer
		usage, saved      string
	}{
		{"nothing is there", list("a", "b"), "", list("a", "b"), "miss", "", `"prompt_tokens":20`, ""},
		{"all is there", list("a", "b"), "", "", "hit", embeddingsOf("a", "b"), `"prompt_tokens":0`, "20"},
		{"in another order", list("b", "a", "b"), "", "", "hit", embeddingsOf("b", "a", "b"), `"prompt_tokens":0`, "30"},
		{"one is not there", list("a", "c", "b"), "", list("c"), "partial", embeddingsOf("a", "c", "b"), `"prompt_tokens":10`, "20"},
		{"the first and the last are not there", list("d", "a", "c", "e"), "", list("d", "e"), "partial", embeddingsOf("d", "a", "c", "e"), `"prompt_tokens":20`, "20"},
		{"all of those now", list("e", "d", "c", "b", "a"), "", "", "hit", embeddingsOf("e", "d", "c", "b", "a"), `"prompt_tokens":0`, "50"},
		{"one text", `"c"`, "", "", "hit", embeddingsOf("c"), `"prompt_tokens":0`, "10"},
		{"the same twice", list("f", "f"), "", list("f", "f"), "miss", "", `"prompt_tokens":20`, ""},
		{"with what the client is", list("a", "g"), `,"user":"u"`, list("g"), "partial", embeddingsOf("a", "g"), `"prompt_tokens":10`, "10"},
		{"of another size", list("a"), `,"dimensions":2`, list("a"), "miss", "", `"prompt_tokens":10`, ""},
		{"with what is not known", list("a", "h"), `,"x":1`, list("a", "h"), "miss", "", `"prompt_tokens":20`, ""},
		{"with that, one of two: asked for as a whole", list("a", "i"), `,"x":1`, list("a", "i"), "miss", "", `"prompt_tokens":20`, ""},
		{"with that, all are there", list("i", "h"), `,"x":1`, "", "hit", embeddingsOf("i", "h"), `"prompt_tokens":0`, "20"},
		{"for queries", list("a"), `,"input_type":"query"`, list("a"), "miss", "", `"prompt_tokens":10`, ""},
		{"for queries, one of two: asked for as a whole", list("a", "b"), `,"input_type":"query"`, list("a", "b"), "miss", "", `"prompt_tokens":20`, ""},
	} {
		x := p.stream()
		x.request(post("/v1/embeddings", `{"model":"m","input":`+tt.input+tt.more+`}`))
		if tt.asked == "" != (x.upstream == nil) {
			t.Fatalf("%s: the provider was asked: %v; the client got %s", tt.name, x.upstream != nil, x.response)
		}
		if x.upstream != nil {
			if !strings.Contains(string(x.upstream.Body), `"input":`+tt.asked) || !strings.Contains(string(x.upstream.Body), `"model":"gpt-4o-mini"`) {
				t.Errorf("%s: the provider got %s, want %s", tt.name, x.upstream.Body, tt.asked)
			}
			p.details = "via_upstream"
			x.respond(embedder(t, x), 40)
		}
		x.done()
		body := string(x.response.Body)
		if x.response.Get("x-postern-cache") != tt.status || !strings.Contains(body, tt.want) || !strings.Contains(body, tt.usage) || x.response.Get("x-postern-saved-tokens") != tt.saved {
			t.Errorf("%s: got %s, want %s, %s, %s and %s saved", tt.name, x.response, tt.status, tt.want, tt.usage, tt.saved)
		}
		if tt.saved != "" && !strings.Contains(string(x.record), `"saved_tokens":`+tt.saved) {
			t.Errorf("%s: got record %s, want %s saved tokens", tt.name, x.record, tt.saved)
		}
	}
	if got, want := p.counts["postern.cache_saved_nano_usd"], p.counts["postern.cache_saved_tokens"]*100_000; got != want {
		t.Errorf("got %d nano-dollars saved, want %d", got, want)
	}
	p.now += int64(2 * time.Minute)
	x := p.stream()
	x.request(post("/v1/embeddings", `{"model":"m","input":["a","b"]}`))
	if x.upstream == nil || !strings.Contains(string(x.upstream.Body), `"input":["a","b"]`) {
		t.Errorf("after its time the client got %s", x.response)
	}
}

// TestEmbeddingsOfOtherDialects has clients of two dialects and both spellings share what
// providers of two dialects have answered.
func TestEmbeddingsOfOtherDialects(t *testing.T) {
	t.Parallel()
	config := strings.Replace(cached(`{}`, ""), `"models":[`, `"models":[{"name":"v","targets":[{"provider":"cohere","model":"embed-v4.0"}]},`, 1)
	config = strings.Replace(config, `"providers":[`, `"providers":[{"name":"cohere","type":"cohere","cluster":"cohere","keys":[{"injected":true}]},`, 1)
	cohere := func(vectors, tokens string) cases.Message {
		return jsonAnswer("200", `{"id":"x","embeddings":{"float":[`+vectors+`]},"meta":{"billed_units":{"input_tokens":`+tokens+`}}}`)
	}
	openai := func(vectors ...string) cases.Message {
		return jsonAnswer("200", `{"data":[{"index":0,"embedding":`+strings.Join(vectors, `},{"index":1,"embedding":`)+`}],"model":"e","usage":{"prompt_tokens":7}}`)
	}
	for _, tt := range []struct {
		name          string
		first, answer cases.Message
		second        cases.Message
		asked, reply  string // of the provider, to the second; empty: it is not asked
		want          string
	}{
		{"OpenAI's, then Ollama's", post("/v1/embeddings", `{"model":"m","input":["a","b"]}`), openai("[1]", "[0.5]"), post("/api/embed", `{"model":"m","input":["b","a"]}`), "", "", `"embeddings":[[0.5],[1]]`},
		{"Ollama's, then OpenAI's", post("/api/embed", `{"model":"m","input":["a","b"]}`), openai("[1]", "[0.5]"), post("/v1/embeddings", `{"model":"m","input":["b","a"]}`), "", "", `"embedding":[0.5]},{"object":"embedding","index":1,"embedding":[1]}`},
		{"in part", post("/v1/embeddings", `{"model":"m","input":["a","b"]}`), openai("[1]", "[0.5]"), post("/api/embed", `{"model":"m","input":["b","c"]}`), `"input":["c"]`, string(openai("[2]").Body), `"prompt_eval_count":7,"embeddings":[[0.5],[2]]`},
		{"the older endpoint", post("/v1/embeddings", `{"model":"m","input":"a"}`), openai("[1]"), post("/api/embeddings", `{"model":"m","prompt":"a"}`), "", "", `"embedding":[1]`},
		{"numbers, then base64", post("/v1/embeddings", `{"model":"m","input":["a","b"]}`), openai("[1]", "[0.5]"), post("/v1/embeddings", `{"model":"m","input":["b","a"],"encoding_format":"base64"}`), "", "", `"embedding":"AAAAPw=="},{"object":"embedding","index":1,"embedding":"AACAPw=="}`},
		{"base64, then numbers", post("/v1/embeddings", `{"model":"m","input":["a","b"],"encoding_format":"base64"}`), openai(`"AACAPw=="`, `"AAAAPw=="`), post("/v1/embeddings", `{"model":"m","input":["b","a"]}`), "", "", `"embedding":[0.5]},{"object":"embedding","index":1,"embedding":[1]}`},
		{"base64, then both in part", post("/v1/embeddings", `{"model":"m","input":"a","encoding_format":"base64"}`), openai(`"AACAPw=="`), post("/v1/embeddings", `{"model":"m","input":["b","a"]}`), `"input":["b"]`, string(openai("[0.5]").Body), `"embedding":[0.5]},{"object":"embedding","index":1,"embedding":[1]}`},
		{"at another provider", post("/v1/embeddings", `{"model":"v","input":["a","b"]}`), cohere("[1],[0.5]", "2"), post("/api/embed", `{"model":"v","input":["c","a","d"]}`), `"texts":["c","d"]`, string(cohere("[3],[4]", "5").Body), `"prompt_eval_count":5,"embeddings":[[3],[1],[4]]`},
		{"at another provider, all", post("/v1/embeddings", `{"model":"v","input":["a","b"]}`), cohere("[1],[0.5]", "2"), post("/v1/embeddings", `{"model":"v","input":"b","encoding_format":"base64"}`), "", "", `"embedding":"AAAAPw=="`},
		{"of another model", post("/v1/embeddings", `{"model":"v","input":["a","b"]}`), cohere("[1],[0.5]", "2"), post("/v1/embeddings", `{"model":"m","input":"b"}`), `"input":"b"`, string(openai("[9]").Body), `"embedding":[9]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t, config)
			p.exchange(tt.first, tt.answer)
			x := p.exchange(tt.second, jsonAnswer("200", tt.reply))
			if tt.asked == "" != (x.upstream == nil) || x.upstream != nil && !strings.Contains(string(x.upstream.Body), tt.asked) {
				t.Errorf("the provider got %v, want %s", x.upstream, tt.asked)
			}
			if !strings.Contains(string(x.response.Body), tt.want) {
				t.Errorf("got %s, want %s", x.response, tt.want)
			}
		})
	}
}

// TestEmbeddingsAndFailure checks that a fallback is asked for all, whatever is there of the
// target whose place it takes, and that a failure in part gives nothing.
func TestEmbeddingsAndFailure(t *testing.T) {
	t.Parallel()
	p := newProxy(t, `{"hold_headers":"always","providers":[{"name":"openai","type":"openai","cluster":"openai","keys":[{"env":"OPENAI_API_KEY"}]},{"name":"second","type":"openai","cluster":"second","keys":[{"env":"OPENAI_API_KEY"}]}],
"models":[{"name":"m","targets":[{"provider":"openai"}],"fallback":[{"provider":"second","model":"e2"}]},{"name":"lone","targets":[{"provider":"openai"}]}],"cache":{}}`)
	ask := func(model string) cases.Message {
		return post("/v1/embeddings", `{"model":"`+model+`","input":["a","b"]}`)
	}
	one := jsonAnswer("200", `{"data":[{"index":0,"embedding":[1]}],"model":"e","usage":{"prompt_tokens":7}}`)
	p.exchange(post("/v1/embeddings", `{"model":"m","input":"a"}`), one)
	p.exchange(post("/v1/embeddings", `{"model":"lone","input":"a"}`), one)
	x := p.stream()
	x.request(ask("m"))
	if x.upstream == nil || !strings.Contains(string(x.upstream.Body), `"input":["b"]`) {
		t.Fatalf("the provider got %v, want b alone", x.upstream)
	}
	down := jsonAnswer("200", `{"error":{"message":"no"}}`)
	down.First = "503"
	p.details = "via_upstream"
	x.respond(down)
	if got := string(p.calls[0].Body); !strings.Contains(got, `"input":["a","b"]`) {
		t.Errorf("the fallback got %s, want both", got)
	}
	second := jsonAnswer("200", `{"data":[{"index":0,"embedding":[3]},{"index":1,"embedding":[4]}],"model":"e2","usage":{"prompt_tokens":9}}`)
	p.answer(&second)
	x.done()
	if string(x.response.Body) != string(second.Body) || x.response.Get("x-postern-saved-tokens") != "" || x.response.Get("x-postern-cache") != "miss" {
		t.Errorf("got %s, want all of the fallback's", x.response)
	}
	for _, answer := range []cases.Message{down, jsonAnswer("200", `{"data":[]}`), jsonAnswer("200", `{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1]}]}`), jsonAnswer("200", `no`)} {
		if x := p.exchange(ask("lone"), answer); x.response.First == "200" || strings.Contains(string(x.response.Body), "[1]") {
			t.Errorf("%s: got %s, want an error", answer, x.response)
		}
	}
}

// TestEmbeddingsIsolated has a tenant's vectors asked for by others.
func TestEmbeddingsIsolated(t *testing.T) {
	t.Parallel()
	p := newProxy(t, behindGuards(`{"type":"pii","action":"report"}`, `{}`))
	ask := func(who, input string, head ...string) cases.Message {
		return post("/v1/embeddings", `{"model":"m","input":`+input+`}`, append([]string{"authorization", "Bearer client-" + who}, head...)...)
	}
	one := jsonAnswer("200", `{"data":[{"index":0,"embedding":[1]}],"model":"e","usage":{"prompt_tokens":7}}`)
	p.exchange(ask("ann", `"a"`), one)
	p.exchange(ask("ann", `"x"`, "x-postern-cache-key", "k"), one)
	other := jsonAnswer("200", `{"data":[{"index":0,"embedding":[2]}],"model":"e","usage":{"prompt_tokens":7}}`)
	for _, tt := range []struct {
		name string
		ask  cases.Message
		hit  bool
	}{
		{"another tenant", ask("eve", `"a"`), false},
		{"another tenant with the key", ask("eve", `"x"`, "x-postern-cache-key", "k"), false},
		{"the same tenant", ask("bob", `"a"`), true},
		{"the same tenant with the key", ask("bob", `"y"`, "x-postern-cache-key", "k"), true},
		{"the text without the key", ask("bob", `"x"`), false},
	} {
		if x := p.exchange(tt.ask, other); strings.Contains(string(x.response.Body), "[1]") != tt.hit {
			t.Errorf("%s: got %s; hit: want %v", tt.name, x.response, tt.hit)
		}
	}
}
