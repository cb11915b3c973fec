package gateway

import (
	"math"
	"strings"

	"github.com/postern-gateway/postern/adapters/rawjson"
	"github.com/postern-gateway/postern/adapters/rfc3339"
	"github.com/postern-gateway/postern/adapters/strict"
	"github.com/postern-gateway/postern/plugin/internal/usage"
)

// flushAtOnce is how many lines of usage a tick writes at most, and glanceAtOnce a glance, so
// that they are short. A worker seldom has as many.
const (
	flushAtOnce  = 64
	glanceAtOnce = 16
)

// addUsage adds what a request has used to what its caller has, as far as that was not done
// before. All of it counts on one day.
func (s *Stream) addUsage(row *usage.Sums, now int64) {
	l, b := s.w.ledger, &s.billed
	if l == nil || s.aside {
		return
	}
	if b.at != 0 {
		now = b.at
	}
	labels := s.usageLabels()
	if b.row != (usage.Sums{}) && b.labels != labels { // it has gone to another provider, or its model's name is known to be one
		back := (&usage.Sums{}).Less(&b.row)
		l.Add(b.labels, &back, now)
		b.row = usage.Sums{}
	}
	more := row.Less(&b.row)
	if x := s.remembered; x != nil {
		x.labels, x.sums = labels, more
	}
	l.Add(labels, &more, now)
	b.labels, b.row = labels, *row
}

// usageLabels say whose usage it is.
func (s *Stream) usageLabels() usage.Labels {
	labels := usage.Labels{usage.Operation: s.endpoint.Op.String()}
	if c := s.caller; c != nil {
		labels[usage.Consumer], labels[usage.Tenant], labels[usage.Tier] = c.Name, c.Tenant, s.tierName
		labels[usage.Tag] = usage.Tags(c.Tags)
	}
	if p := s.target.Provider; p != nil {
		labels[usage.Provider] = p.Label()
	}
	switch name := s.label; {
	case name == "" || name == noLabel:
	case !s.namesFreely():
		labels[usage.Model] = name
	case s.hasFailed(): // perhaps of a model that there is not
		labels[usage.Model] = usage.Other
	default:
		labels[usage.Model] = s.w.ledger.Name(name)
	}
	return labels
}

func (s *Stream) hasFailed() bool { return s.status == 0 || s.status >= 400 }

// row is what a request has used, which counts as so many.
func (s *Stream) row(requests int64) usage.Sums {
	sums := usage.Sums{usage.Requests: requests, usage.InputTokens: s.usage.Input, usage.OutputTokens: s.usage.Output}
	switch {
	case s.ownRefusal && s.phase == answered:
		sums[usage.Refused] = 1
	case s.hasFailed() || s.failure != "":
		sums[usage.Errors] = 1
	}
	if s.priced {
		sums[usage.Cost] = s.cost
	} else if s.usage.Counts() {
		sums[usage.Unpriced] = 1
	}
	return sums
}

// namesFreely reports whether the model's name is one that the client has chosen.
func (s *Stream) namesFreely() bool {
	p := s.target.Provider
	return p == nil || s.space == nil || s.space.Takes(p)
}

// writeDown has others see what the worker knows of usage and limits: so many lines of usage at most,
// and all of what limits have given it for requests to come. It counts what got lost.
func (w *Worker) writeDown(now int64, most int) {
	if w.book != nil {
		w.book.Look(now)
	}
	if w.ledger == nil {
		return
	}
	w.ledger.Flush(now, most)
	if n := w.ledger.Lost(); n > 0 {
		w.count(w.series.UsageLost(n))
	}
}

// showUsage reports what was used.
func (s *Stream) showUsage(params []byte) *Step {
	q := usage.Query{To: math.MaxInt64}
	format, csv := "json", false
	if s.csv {
		format = "csv"
	}
	if err := strict.Decode(params, func(o *strict.Object) {
		csv = o.Enum("format", "", format, "json", "csv") == "csv"
		readQuery(o, &q)
	}); err != nil {
		return s.reject(wrong(err))
	}
	now := s.w.port.Now()
	s.w.writeDown(now, usage.All)
	r := s.w.ledger.Report(&q, now)
	if r.TooLong {
		return s.reject(invalid("report_too_long", "by", "the report would have more than "+itoa(usage.MostRows)+" rows; tell fewer things apart, or ask for a shorter time"))
	}
	t, kind := sheet{csv: csv}, "application/json"
	if csv {
		kind = "text/csv; charset=utf-8"
	}
	return s.page200(kind, t.show(&q, &r))
}

// readQuery reads what a report is to be about.
func readQuery(o *strict.Object, q *usage.Query) {
	var ok bool
	if q.By, ok = usage.ReadDimensions(o.Str("by", "", usage.Consumer.String())); !ok {
		o.Fail("by", "want a list of consumer, tenant, tier, model, provider, operation, tag")
	}
	q.Period, _ = usage.ReadPeriod(o.Enum("period", "", "all", "all", "month", "day"))
	readDay(o, "from", &q.From)
	readDay(o, "to", &q.To)
	for d := range usage.NumDimensions {
		if v := o.Str(d.String(), "", ""); o.Has(d.String()) {
			q.Where = append(q.Where, usage.Condition{Dimension: d, Value: v})
		}
	}
}

// readDay reads a date as a day since 1970.
func readDay(o *strict.Object, name string, day *int64) {
	text := o.Str(name, "", "")
	if text == "" {
		return
	}
	seconds, ok := rfc3339.Parse([]byte(text + "T00:00:00Z"))
	if *day = seconds / 86400; !ok || len(text) != len("2006-01-02") {
		o.Fail(name, "want a day such as 2026-11-26")
	}
}

// sumNames are those of the sums as they are reported.
var sumNames = [usage.NumSums]string{"requests", "refused", "errors", "input_tokens", "output_tokens", "cost_nano_usd", "unpriced"}

// A sheet is a report in one of its forms: JSON, or CSV as RFC 4180 has it.
type sheet struct {
	csv, heads bool
	json       rawjson.Writer
	cells      []byte
}

// show writes a report.
func (t *sheet) show(q *usage.Query, r *usage.Report) []byte {
	if t.csv {
		t.row(q, nil)
	} else {
		t.json.Object().Key("rows").Array()
	}
	for _, x := range r.Rows {
		t.row(q, x)
	}
	if t.csv {
		return t.cells
	}
	t.json.EndArray().Key("total")
	t.row(&usage.Query{}, &usage.Row{Sums: r.Total})
	return t.json.EndObject().Bytes()
}

// row writes a row; nil is that of the columns' names.
func (t *sheet) row(q *usage.Query, x *usage.Row) {
	if t.heads = x == nil; t.heads {
		x = &usage.Row{}
	}
	if !t.csv {
		t.json.Object()
	}
	switch q.Period {
	case usage.Day:
		t.text("day", date(x.Since, len("2006-01-02")))
	case usage.Month:
		t.text("month", date(x.Since, len("2006-01")))
	}
	for _, d := range q.By {
		t.text(d.String(), x.Labels[d])
	}
	for i, n := range x.Sums {
		t.number(sumNames[i], n)
	}
	t.number("total_tokens", x.Sums[usage.InputTokens]+x.Sums[usage.OutputTokens])
	t.text("cost_usd", dollars(x.Sums[usage.Cost]))
	if t.csv {
		t.cells = append(t.cells[:len(t.cells)-1], "\r\n"...)
	} else {
		t.json.EndObject()
	}
}

func dollars(nanos int64) string { return string(appendDollars(nil, nanos)) }

// date is a day since 1970, or its month.
func date(day int64, length int) string { return string(rfc3339.Append(nil, day*86400)[:length]) }

//go:noinline
func (t *sheet) text(name, v string) {
	switch {
	case !t.csv:
		text(&t.json, name, v)
	case t.heads:
		t.cells = append(append(t.cells, name...), ',')
	default:
		t.cells = append(appendCell(t.cells, v), ',')
	}
}

//go:noinline
func (t *sheet) number(name string, n int64) {
	if !t.csv {
		number(&t.json, name, n)
	} else {
		t.text(name, string(rawjson.AppendInt(nil, n)))
	}
}

// appendCell writes a text so that a spreadsheet takes it for nothing else: some take what
// begins like a formula for one, whoever may have chosen it.
func appendCell(dst []byte, text string) []byte {
	if text == "" {
		return dst
	}
	quoted := strings.ContainsAny(text, ",\"\r\n")
	if quoted {
		dst = append(dst, '"')
	}
	if strings.IndexByte("=+-@\t\r", text[0]) >= 0 {
		dst = append(dst, '\'')
	}
	for i := range len(text) {
		if text[i] == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, text[i])
	}
	if quoted {
		dst = append(dst, '"')
	}
	return dst
}
