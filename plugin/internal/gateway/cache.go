package gateway

import (
	"strings"
	"time"

	"github.com/postern-gateway/postern/adapters"
	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/sha2"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/access"
	"github.com/postern-gateway/postern/plugin/internal/cache"
	"github.com/postern-gateway/postern/plugin/internal/config"
)

// A caching is what a stream has to do with the cache.
type caching struct {
	status string // as the client is told; empty: nothing
	form   keptForm
	why    string // the answer is not kept
	query  cache.Query
	life   config.Life // of the answer, if it is to be kept
	fresh  int64       // nanoseconds that an answer may be old and fresh, whoever has had it kept
	lookup *lookup     // that the request waits for
	custom bool        // the key is not of what is asked
	alike  alike

	body      []byte // of a whole answer, so far
	kind      string // its content type
	batch     *batch // of embeddings
	collector *cache.Collector
	decoder   adapters.Decoder // of a stream that passes unread
	entry     []byte           // the answer as it will be kept
	room      int              // bytes that it may have to be sure of room
	saved     int64            // tokens that a hit has saved

	as      string  // what the client is told of what is given; empty: that it is a hit
	flight  *flight // that it waits for, or is
	leads   bool    // it is
	alone   bool    // it waits for none any more
	until   int64   // it does at most
	counted bool    // the request counts already
	spare   *spare  // for an error; nil: there is none
}

// What a client is told of the cache.
const (
	cacheHit       = "hit"
	cacheMiss      = "miss"
	cacheBypass    = "bypass"
	cacheStale     = "stale"
	cacheCoalesced = "coalesced"
	cachePartial   = "partial" // a hit for some inputs of an embedding
	cacheSimilar   = "similar"
	cacheHeader    = "x-postern-cache"
	savedHeader    = "x-postern-saved-tokens"
	scoreHeader    = "x-postern-cache-score"

	cacheRefresh = "refresh" // the gateway's own request: no client is told
)

// A keptForm is the form that an answer is kept in.
type keptForm uint8

const (
	keptNot     keptForm = iota
	keptNeutral          // the neutral form of an answer
	keptVectors          // embeddings, each for itself
	keptPlain            // as the client gets it
)

// wishes are what a client's headers say of the cache. Views, void as all of them are.
type wishes struct {
	skip, refresh bool
	most          int64 // seconds that an answer may be old; -1: any
	ttl           int64 // seconds that it may be kept; -1: as long as usual
	onError       int64 // seconds that it may not be fresh any more, in the place of an error; -1: as many as usual
	key           string
	beta          string // features of the API that are asked for
}

// control reads a client's cache-control, https://www.rfc-editor.org/rfc/rfc9111#section-5.2.1.
func (w *wishes) control(v string) {
	for v != "" {
		var one string
		one, v, _ = strings.Cut(v, ",")
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(one)), "=")
		switch name {
		case "no-store":
			w.skip = true
		case "no-cache":
			w.refresh = true
		case "max-age":
			if n := parseLength(value); n >= 0 {
				w.most = int64(n)
			}
		case "stale-if-error":
			if n := parseLength(value); n >= 0 {
				w.onError = int64(n)
			}
		}
	}
}

// says reads one of the gateway's own headers about the cache.
func (w *wishes) says(allowed *config.ClientHeaders, name, v string) {
	switch {
	case allowed.SkipCache && name == "skip-cache":
		w.skip = w.skip || !strings.EqualFold(v, "false")
	case allowed.CacheTTL && name == "cache-ttl":
		if d, ok := strict.ParseDuration(v); ok && d > 0 {
			w.ttl = int64(d / time.Second)
		} else if n := parseLength(v); n >= 0 {
			w.ttl = int64(n)
		}
	case name == "cache-key":
		w.key = v
	}
}

// fromCache answers with what an equal request has got, or has the request wait until it is
// known whether there is such a thing. It is nil if nothing is kept for the request; then its
// answer will be, if it is worth it.
//
// The request is JSON, or the fields of a form.
func (s *Stream) fromCache(request rawjson.Value, fields []cache.Field, body []byte) *Step {
	s.cache = caching{}
	plan := s.w.plan.Cache
	if plan == nil {
		return nil
	}
	c := &s.cache
	if c.form = s.keptForm(); c.form == keptNot {
		return nil
	}
	c.status = cacheBypass
	if c.why = s.declines(plan, request, fields); c.why != "" {
		return nil
	}
	if c.form == keptVectors {
		return s.vectorsFromCache(plan)
	}
	s.deriveKey(plan, request, fields)
	c.status = cacheMiss
	if s.in.wishes.refresh {
		s.draw()
		return nil
	}
	return s.lookUp(body)
}

// over is for how long an entry is not fresh any more; negative: it is. Several names and
// branches of models may share it: who keeps answers for less takes none that is older.
func (c *caching) over(e *cache.Entry, now int64) int64 {
	end := e.Expires - e.Stale
	if end-e.Stored >= c.fresh+int64(time.Second) { // Stored is in whole seconds
		end = e.Stored + c.fresh
	}
	return now - end
}

// keptForm is the form in which answers to such requests are kept: the neutral one where
// they are read and written in it.
func (s *Stream) keptForm() keptForm {
	a, d := s.target.Provider.Adapter, s.endpoint.Dialect
	switch s.endpoint.Op {
	case adapters.Chat, adapters.Completions, adapters.Responses:
		if _, ok := a.(adapters.Translator); ok && d.Reader != nil {
			return keptNeutral
		}
	case adapters.Embeddings:
		if e, ok := a.(adapters.Embedder); ok && d.Embeddings != nil && e.EmbedPath(s.target.Model) != "" {
			return keptVectors
		}
		return keptPlain
	case adapters.BatchEmbeddings, adapters.Rerank, adapters.Moderations, adapters.Images, adapters.ImageEdits, adapters.Transcriptions, adapters.Translations:
		return keptPlain
	}
	return keptNot
}

// wants is why the cache has nothing to do with a request, whatever it says; empty if it may have.
func (s *Stream) wants(plan *config.Cache, form bool) string {
	c, wish := &s.cache, &s.in.wishes
	c.life = plan.Life(s.meant, s.routing.group)
	c.fresh = int64(c.life.Fresh)
	if wish.ttl >= 0 {
		c.life = config.Life{Fresh: min(c.life.Fresh, time.Duration(wish.ttl)*time.Second)}
	}
	if wish.onError >= 0 {
		c.life.OnError = min(c.life.OnError, time.Duration(wish.onError)*time.Second)
	}
	if form { // which is not sent again
		c.life = config.Life{Fresh: c.life.Fresh}
	}
	switch {
	case wish.skip:
		return "asked"
	case c.life.Fresh <= 0:
		return "ttl"
	}
	if c.form != keptNeutral || s.endpoint.Op != adapters.Responses {
		return ""
	}
	if _, native := s.native(); native {
		return "kept_by_provider" // under the id of the answer, which clients go on from
	}
	return ""
}

// declines is why the cache has nothing to do with the request; empty if it has. It reads the
// request.
func (s *Stream) declines(plan *config.Cache, request rawjson.Value, fields []cache.Field) string {
	if why := s.wants(plan, fields != nil); why != "" {
		return why
	}
	switch s.cache.form {
	case keptVectors:
		return s.readInputs(request)
	case keptPlain:
		return declinesPlain(plan, request, fields)
	}
	r := &s.w.request
	r.Reset()
	if s.endpoint.Dialect.Reader.ReadRequest(request, r) != nil {
		return "unread"
	}
	s.budget.read = true
	return plan.Policy.Asking(r)
}

// deriveKey finds the key of the request, and what its entry is purged by.
func (s *Stream) deriveKey(plan *config.Cache, request rawjson.Value, fields []cache.Field) {
	c, k := &s.cache, &s.w.keyer
	if c.form == keptNeutral {
		r := &s.w.request
		c.query.Key = k.Chat(s.cacheQuestion(plan, r.User), r)
		return
	}
	o := cache.Origin{Dialect: s.endpoint.Dialect.Name, Path: s.endpoint.Path}
	if fields != nil {
		c.query.Key = k.Form(s.cacheQuestion(plan, fieldOf(fields, "user")), o, fields)
		return
	}
	c.query.Key = k.Body(s.cacheQuestion(plan, chat.Spelled(request.Get("user"))), o, request)
}

// cacheQuestion is what the key depends on beside the request's content. It is the worker's, until the next one.
func (s *Stream) cacheQuestion(plan *config.Cache, user chat.Text) *cache.Question {
	c, q := &s.cache, &s.w.asked
	q.Namespace, q.Policy, q.Operation, q.Group, q.Custom = plan.Namespace, plan.Guards, s.endpoint.Op.String(), "", ""
	q.Scope = s.cacheScope(q.Scope[:0], plan)
	switch s.endpoint.Op {
	case adapters.Completions:
		q.Operation = "completions"
	case adapters.Responses:
		q.Operation = "chat"
	}
	if c.form == keptVectors { // those of two models cannot be compared, nor be in one answer
		q.Targets = s.addTarget(q.Targets[:0], &s.target)
	} else if q.Targets = s.cacheTargets(q.Targets[:0]); len(q.Targets) > 1 {
		q.Group = s.choice.Name + "/" + s.routing.group.Name
	}
	q.Parts = s.cacheParts(q.Parts[:0], plan, user)
	if s.caller.MayPrivileged("cache-key") {
		q.Custom = s.in.wishes.key
	}
	c.custom = q.Custom != ""
	k := &s.w.keyer
	c.query = cache.Query{Scope: k.Tag(q.Scope...), Model: k.Tag(s.meant)}
	return q
}

// cacheTargets are those that may answer: of a group all that the caller may have, whichever
// is asked this time. Fallbacks are none of them, for what they say is not kept.
func (s *Stream) cacheTargets(list []cache.Target) []cache.Target {
	g := s.routing.group
	if g == nil {
		return s.addTarget(list, &s.target)
	}
	for i := range g.Targets {
		if t := &g.Targets[i]; len(s.rules) == 0 || s.mayHave(t) {
			list = s.addTarget(list, t)
		}
	}
	return list
}

// mayHave reports whether access rules let the caller have an answer of a target.
func (s *Stream) mayHave(t *config.Target) bool {
	aim(&s.w.question, t)
	return !access.Judge(s.rules, &s.w.question, access.Strict).Refused
}

//go:noinline
func (s *Stream) addTarget(list []cache.Target, t *config.Target) []cache.Target {
	model := t.Model
	if model == "" {
		model = s.meant
	}
	return append(list, cache.Target{Provider: t.Provider.Label(), Type: t.Provider.Type.Name, Model: model})
}

// cacheScope is whom the answer is for. Where a provider gets the client's own key nobody
// but who has that key may have what it has bought.
func (s *Stream) cacheScope(list []string, plan *config.Cache) []string {
	who := s.caller
	switch {
	case s.w.plan.PassesKeys && s.in.key != "":
		return append(list, "client_key", hexOf(sha2.Sum([]byte(s.in.key))))
	case plan.Scope == config.ScopeShared:
		return append(list, "shared")
	case who == nil:
		return append(list, "open")
	case plan.Scope == config.ScopeTenant && who.Tenant != "":
		return append(list, "tenant", who.Tenant)
	}
	return append(list, "consumer", who.Tenant, who.Name)
}

// cacheParts are what tells requests apart beside their content.
func (s *Stream) cacheParts(parts []cache.Part, plan *config.Cache, user chat.Text) []cache.Part {
	parts = addPart(parts, "anthropic-beta", s.in.wishes.beta)
	if s.in.query != "alt=sse" {
		parts = addPart(parts, "query", s.in.query)
	}
	if plan.User {
		parts = addPart(parts, "user", string(rawjson.AppendUnescaped(nil, user)))
	}
	for _, a := range plan.Parts {
		parts = addPart(parts, a.Kind.String()+":"+a.Name, s.Attribute(a))
	}
	return parts
}

//go:noinline
func addPart(parts []cache.Part, name, value string) []cache.Part {
	if value == "" {
		return parts
	}
	return append(parts, cache.Part{Name: name, Value: value})
}

// showCache tells the client what the cache had to do with its answer, whose headers are
// from so far.
func (s *Stream) showCache(h, from []adapters.Header) []adapters.Header {
	if s.cache.status == "" {
		return h
	}
	h = withHeader(forOne(h, from), cacheHeader, s.cache.status)
	if s.cache.status == cacheSimilar {
		h = withHeader(h, scoreHeader, share(s.cache.alike.score))
	}
	if s.w.plan.Client.Cloudflare {
		as := [...]string{"HIT", "MISS", "BYPASS", "HIT", "HIT", "MISS", "MISS"}[strings.IndexByte("hmbscrp", s.cache.status[0])]
		h = withHeader(h, "cf-aig-cache-status", as)
	}
	if s.cache.saved > 0 && (s.stream || s.cache.form == keptVectors) { // else the answer's own usage says it
		h = withHeader(h, savedHeader, itoa(int(s.cache.saved)))
	}
	return h
}

// countHeld says how many entries the worker has stored, how many have had to go, and by how much that
// has changed what the cache holds.
func (w *Worker) countHeld() {
	if w.kept == nil {
		return
	}
	w.tellOutdated()
	now := w.kept.Counts()
	if now.Bytes != w.told.Bytes {
		w.count(w.series.CacheBytes(now.Bytes - w.told.Bytes))
	}
	w.countCache(";outcome=stored", w.stored)
	w.countCache(";outcome=evicted", int64(now.Evicted-w.told.Evicted))
	w.told, w.stored = now, 0
}

// tellOutdated says how many entries the worker has replaced or purged, as soon as it has: by that others
// know that they have to look for what they have just given.
func (w *Worker) tellOutdated() {
	if n := w.kept.Counts().Outdated; n != w.told.Outdated {
		w.countCache(outdated, int64(n-w.told.Outdated))
		w.told.Outdated = n
	}
}

// outcomeOf is how a status is counted. It is said for each request, so it is spelled.
func outcomeOf(status string) string {
	switch status {
	case cacheHit:
		return ";outcome=hit"
	case cacheMiss:
		return ";outcome=miss"
	}
	return ";outcome=" + status
}

// countCache counts what the cache has done.
//
//go:noinline
func (w *Worker) countCache(what string, n int64) {
	if n > 0 {
		w.count(w.series.Cached(what, n))
	}
}
