package gateway

import (
	"strings"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/embed"
	"github.com/postern-gateway/postern/adapters/rank"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// A way leads from a provider's answer in one piece to the client's.
type way interface {
	// turn appends what the client gets for an answer, and says what it has used if it
	// tells.
	turn(dst []byte, answer rawjson.Value) (body []byte, u chat.Usage, counted bool, err error)

	// ReadError says what a provider's error means.
	ReadError(status int, body []byte) *chat.Error
}

// chatWay is that of conversations.
type chatWay struct {
	adapters.Translator
	s *Stream
}

func (c *chatWay) turn(dst []byte, answer rawjson.Value) ([]byte, chat.Usage, bool, error) {
	out := &c.s.w.response
	out.Reset()
	if err := c.ReadResponse(answer, out); err != nil {
		return dst, chat.Usage{}, false, err
	}
	c.s.name(&out.Created, &out.ID)
	if len(out.Model) == 0 {
		out.Model = rawjson.AppendEscaped(nil, c.s.target.Model)
	}
	c.s.keepWhole(out)
	out.Elapsed, out.Echo, out.Texts = c.s.w.port.Now()-c.s.began, c.s.translation.echo, c.s.translation.texts
	return c.s.endpoint.Dialect.Writer.AppendResponse(dst, out), out.Usage, out.Counted, nil
}

// embedWay is that of embeddings.
type embedWay struct {
	adapters.Embedder
	s      *Stream
	want   embed.Wanted
	tokens int64 // of the inputs, estimated
}

func (e *embedWay) turn(dst []byte, answer rawjson.Value) ([]byte, chat.Usage, bool, error) {
	out := &e.s.w.vectors
	out.Reset()
	if err := e.ReadEmbedding(answer, e.want, out); err != nil {
		return dst, chat.Usage{}, false, err
	}
	if !out.Counted {
		out.Usage = chat.Usage{Input: e.tokens, Estimated: true}
	}
	want := e.want
	if b := e.s.cache.batch; b != nil {
		e.s.keepVectors(out)
		want = b.join(out, want)
	}
	dst, err := e.s.endpoint.Dialect.Embeddings.AppendEmbedding(dst, want, out)
	return dst, out.Usage, true, err
}

// rankWay is that of rerankers.
type rankWay struct {
	adapters.Ranker
	form   *rank.Form
	s      *Stream
	want   rank.Wanted
	tokens int64 // estimated
}

func (r *rankWay) turn(dst []byte, answer rawjson.Value) ([]byte, chat.Usage, bool, error) {
	out := &rank.Response{}
	if err := out.Read(answer, r.form, &r.want); err != nil {
		return dst, chat.Usage{}, false, err
	}
	if !out.Counted {
		out.Usage.Input, out.Usage.Estimated = r.tokens, true
	}
	from := len(dst)
	dst = r.s.endpoint.Dialect.Rank.AppendRanking(dst, &r.want, out)
	r.s.keepBody(dst[from:])
	return dst, out.Usage, true, nil
}

// translatedPath is where the chosen provider takes the request in another dialect than the
// client's; empty if it does not.
func (s *Stream) translatedPath() string {
	a, d := s.target.Provider.Adapter, s.endpoint.Dialect
	switch s.endpoint.Op {
	case adapters.Chat, adapters.Responses, adapters.Completions:
		if t, ok := a.(adapters.Translator); ok && d.Reader != nil {
			return t.ChatPath(s.target.Model, s.stream)
		}
	case adapters.Embeddings:
		if e, ok := a.(adapters.Embedder); ok && d.Embeddings != nil {
			return e.EmbedPath(s.target.Model)
		}
	case adapters.Rerank:
		if r, ok := a.(adapters.Ranker); ok && d.Rank != nil {
			if f := r.RankForm(s.target.Model); f != nil {
				return f.Path
			}
		}
	}
	return ""
}

// translate sends the request on in the provider's own form, to where it takes that.
func (s *Stream) translate(request rawjson.Value, path string) *Step {
	step := s.next()
	var e *chat.Error
	switch s.endpoint.Op {
	case adapters.Embeddings:
		e = s.translateEmbeddings(step, request)
	case adapters.Rerank:
		e = s.translateRank(step, request)
	default:
		e = s.translateChat(step, request)
	}
	if e != nil {
		return s.reject(e)
	}
	return s.translated(step, path)
}

// translated sends a translated request on.
func (s *Stream) translated(step *Step, path string) *Step {
	step.Replace = true
	s.prompt = promptBytes(step.Body)
	return s.send(step, path, step.Body)
}

func (s *Stream) translateChat(step *Step, request rawjson.Value) *chat.Error {
	r, d := &s.w.request, s.endpoint.Dialect
	if !s.budget.read {
		r.Reset()
		if e := d.Reader.ReadRequest(request, r); e != nil {
			return e
		}
	}
	r.Model, r.Stream = s.target.Model, s.stream
	t := s.target.Provider.Adapter.(adapters.Translator)
	e := s.reads(r)
	if e == nil {
		e = s.fitsRead(r, len(request.Raw()))
	}
	if e == nil {
		step.Body, e = t.AppendRequest(step.Body, r)
	}
	if e != nil {
		d.Spell(e)
		return e
	}
	s.dropped = strings.Join(d.Drops(r.Drops()), ", ")
	tr := &s.translation
	tr.chat = chatWay{t, s}
	tr.way = &tr.chat
	tr.delivered.Reset()
	s.sequel.begins(s, r)
	if s.stream {
		tr.decoder = s.codecs.decoder(s.target.Provider.Adapter, t)
		tr.encoder = s.codecs.encoder(d)
		tr.encoder.Reset(r)
		if tr.emit == nil {
			tr.emit = s.event
		}
	} else {
		tr.echo = append(tr.echo, r.Echo...)
		tr.texts = append(tr.texts, r.Texts...)
	}
	return nil
}

func (s *Stream) translateEmbeddings(step *Step, request rawjson.Value) *chat.Error {
	r := &s.w.inputs
	r.Reset()
	e := s.endpoint.Dialect.Embeddings.ReadEmbed(request, r)
	if e != nil {
		return e
	}
	r.Model = s.target.Model
	if s.cache.partly() {
		s.cache.batch.split(r)
	}
	t := s.target.Provider.Adapter.(adapters.Embedder)
	if step.Body, e = t.AppendEmbed(step.Body, r); e != nil {
		return e
	}
	s.dropped = strings.Join(r.Drops(), ", ")
	s.stream = false
	s.translation.embed = embedWay{t, s, r.Wanted(), r.Tokens()}
	s.translation.way = &s.translation.embed
	return nil
}

func (s *Stream) translateRank(step *Step, request rawjson.Value) *chat.Error {
	r := &rank.Request{}
	if e := s.endpoint.Dialect.Rank.ReadRank(request, r); e != nil {
		return e
	}
	r.Model = s.target.Model
	t := s.target.Provider.Adapter.(adapters.Ranker)
	f := t.RankForm(r.Model)
	step.Body = r.Append(step.Body, f)
	s.dropped = strings.Join(r.Drops(), ", ")
	s.stream = false
	s.translation.way = &rankWay{t, f, s, r.Wanted(), r.Tokens()}
	return nil
}
