package provider

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/postern-gateway/postern/e2e/mockllm/internal/answer"
	"github.com/postern-gateway/postern/e2e/mockllm/journal"
	"github.com/postern-gateway/postern/e2e/mockllm/script"
)

// An Exchange is one request and its answer.
type Exchange struct {
	Env  *Env
	R    *http.Request
	Body []byte
	B    script.Behaviour // how to answer; complete after Behave

	api   API
	w     http.ResponseWriter
	slow  *slowWriter // what w is, when headers are slow
	seq   int
	ids   int
	ended string
}

// Handler serves a provider: it journals, judges the headers, then asks the API.
func Handler(env *Env) http.Handler {
	api := env.Provider.New(env)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &Exchange{Env: env, R: r, B: env.Default, api: api, w: w}
		defer x.close()
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, env.Provider.MaxBody))
		x.Body = body
		x.record()
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(err, &tooLarge):
			x.Fail(api.Usual(http.StatusRequestEntityTooLarge))
		case err != nil:
			x.ended = journal.ClientGone
		case x.headersPass():
			api.Serve(x)
		}
	})
}

func (x *Exchange) record() {
	r := x.R
	e := journal.Entry{
		Provider: x.Env.Provider.Name, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Host: r.Host,
		Proto: r.Proto, Header: r.Header.Clone(), Trailer: r.Trailer.Clone(), Chunked: r.ContentLength < 0,
	}
	if r.TLS != nil {
		e.TLS, e.SNI, e.ALPN = true, r.TLS.ServerName, r.TLS.NegotiatedProtocol
	}
	x.seq = x.Env.Journal.Add(e, x.Body)
}

// close notes how the exchange ended. A panic that aborts an HTTP/2 stream passes through it.
func (x *Exchange) close() {
	if x.slow != nil {
		x.slow.close()
	}
	if x.ended == "" {
		x.ended = journal.Done
		if x.R.Context().Err() != nil {
			x.ended = journal.ClientGone
		}
	}
	x.note(func(e *journal.Entry) { e.Ended = x.ended })
}

func (x *Exchange) note(change func(*journal.Entry)) {
	x.Env.Journal.Update(x.seq, change)
}

// Violate records a rule that the request broke.
func (x *Exchange) Violate(rule, detail string) {
	x.note(func(e *journal.Entry) {
		e.Violations = append(e.Violations, journal.Violation{Rule: rule, Detail: detail})
	})
}

// Used records what is charged for the answer.
func (x *Exchange) Used(u journal.Usage) {
	x.note(func(e *journal.Entry) { e.Usage = &u })
}

// ID returns an id that looks like the provider's: the prefix and n letters and
// digits, different for each call and the same in each run.
func (x *Exchange) ID(prefix string, n int) string {
	x.ids++
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	seed := x.Env.Provider.Name + "/" + strconv.Itoa(x.seq) + "/" + strconv.Itoa(x.ids)
	out := []byte(prefix)
	for block := 0; len(out) < len(prefix)+n; block++ {
		for _, c := range sha256.Sum256([]byte(seed + "/" + strconv.Itoa(block))) {
			out = append(out, alphabet[int(c)%len(alphabet)])
		}
	}
	return string(out[:len(prefix)+n])
}

// RequestID is the same for all answers to one request.
func (x *Exchange) RequestID() string {
	return "req_" + x.Env.Provider.Name + strconv.Itoa(x.seq)
}

// JSONContent says whether the request announces JSON. Parameters such as charset are allowed.
func (x *Exchange) JSONContent() bool {
	t, _, err := mime.ParseMediaType(x.R.Header.Get("Content-Type"))
	return err == nil && t == "application/json"
}

// ErrNotJSON is what Decode returns for a body that is not one JSON object in UTF-8.
var ErrNotJSON = errors.New("body is not one JSON object in UTF-8")

// Decode reads the body as a JSON object, numbers kept as they were written.
func (x *Exchange) Decode() (map[string]any, error) {
	if !utf8.Valid(x.Body) {
		return nil, ErrNotJSON
	}
	d := json.NewDecoder(bytes.NewReader(x.Body))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil || v == nil {
		return nil, ErrNotJSON
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrNotJSON
	}
	return v, nil
}

// Unmarshal reads the JSON value that a text begins with, numbers kept as they were written.
func Unmarshal(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(v)
}

// Numbers decodes a schema again so that its bounds are json.Numbers.
func Numbers(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return v
	}
	var out any
	if Unmarshal(b, &out) != nil {
		return v
	}
	return out
}

// Behave completes x.B from the server's queue and from the directives in the
// prompt, and returns the prompt without them. If done is true the request is
// answered: it was told to fail, or the directives make no sense.
func (x *Exchange) Behave(prompt string) (rest string, done bool) {
	rest, found := script.Extract(prompt)
	if b, ok := x.Env.pop(); ok {
		x.B = b
	}
	if err := x.B.Add(found); err != nil {
		x.Fail(Failure{Status: http.StatusBadRequest, Type: "invalid_request_error", Message: err.Error()})
		return rest, true
	}
	x.note(func(e *journal.Entry) { e.Behaviour = found })
	if !x.wait(x.B.Latency) {
		return rest, true
	}
	return rest, x.early()
}

// BehaveOn is Behave for a prompt that is to be answered: it takes the directives out
// of what the user said, and hands the answer its behaviour.
func (x *Exchange) BehaveOn(p *answer.Prompt) (done bool) {
	rest, done := x.Behave(p.User)
	if !done {
		p.User, p.Behave = rest, x.B
	}
	return done
}

// BehaveOnLast is Behave for a list of texts, of which the last carries the directives.
func (x *Exchange) BehaveOnLast(texts []string) (done bool) {
	last := len(texts) - 1
	rest, done := x.Behave(texts[last])
	if !done {
		texts[last] = rest
	}
	return done
}

// early answers a request that gets no good answer, and says whether it did.
func (x *Exchange) early() bool {
	b := x.B
	if b.Blackhole {
		<-x.R.Context().Done()
		x.ended = journal.ClientGone
		return true
	}
	if b.SlowHeaders > 0 {
		x.slowDown()
	}
	switch {
	case b.Status != 0:
		f := x.api.Usual(b.Status)
		f.Retry = b.RetryAfter
		if b.Message != "" {
			f.Message = b.Message
		}
		if b.Code != "" {
			f.Code = b.Code
		}
		x.Fail(f)
	case b.HTML != 0:
		page := "<html>\r\n<head><title>" + strconv.Itoa(b.HTML) + " " + http.StatusText(b.HTML) + "</title></head>\r\n" +
			"<body><center><h1>" + strconv.Itoa(b.HTML) + " " + http.StatusText(b.HTML) + "</h1></center></body>\r\n</html>\r\n"
		x.write(b.HTML, "text/html", []byte(page))
	case b.Empty != 0:
		x.write(b.Empty, "", nil)
	case b.OKError:
		f := x.api.Usual(http.StatusInternalServerError)
		f.Status = http.StatusOK
		x.Fail(f)
	default:
		return false
	}
	return true
}

// wait pauses and says whether the client is still there.
func (x *Exchange) wait(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-x.R.Context().Done():
		x.ended = journal.ClientGone
		return false
	}
}

// Header is the answer's, before it is sent.
func (x *Exchange) Header() http.Header { return x.w.Header() }

// Fail answers with an error in the provider's form.
func (x *Exchange) Fail(f Failure) {
	x.note(func(e *journal.Entry) { e.Error = f.Message })
	if f.Retry != "" {
		x.w.Header().Set("Retry-After", f.Retry)
	}
	body, err := json.Marshal(x.api.ErrorBody(x, f))
	if err != nil { // only for a bug in the mock; the test sees it
		body = []byte(strconv.Quote("mock cannot marshal its error: " + err.Error()))
	}
	x.write(f.Status, "application/json", body)
}

// accepts says whether the client takes a content coding, "gzip".
func accepts(h http.Header, coding string) bool {
	for _, part := range strings.Split(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), coding) && strings.TrimSpace(q) != "q=0" {
			return true
		}
	}
	return false
}
