package gemini

import (
	"math"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// How much is told of what the API says.
const mostMessage = 4 << 10

// ReadError reads an error of https://ai.google.dev/gemini-api/docs/troubleshooting, a
// google.rpc.Status in JSON. Anything else, such as a proxy's page, is described by its
// status alone.
func (t *Translation) ReadError(status int, body []byte) *chat.Error {
	doc := rawjson.Doc{LoneSurrogates: true}
	_ = doc.Parse(body) // what is no JSON has no members
	v := doc.Root()
	if v.Kind() == rawjson.Array { // as it comes where a stream was asked for
		v = v.At(0)
	}
	return readError(v.Get("error"), status)
}

// readError reads an error object of an answer, or of a stream, where there is no status
// but its code.
func readError(v rawjson.Value, status int) *chat.Error {
	if code, ok := v.Get("code").Int64(); ok && status == 0 {
		status = int(code)
	}
	var delay int64
	for it := v.Get("details").Cursor(); it.Next(); {
		d := it.Value
		if r := d.Get("reason"); r.Is("API_KEY_INVALID") || r.Is("API_KEY_EXPIRED") {
			status = 401 // the API itself says 400
		}
		delay = max(delay, seconds(d.Get("retryDelay").Str()))
	}
	if status < 400 || status > 599 {
		status = 502
	}
	e := &chat.Error{Status: status, Kind: chat.KindOf(status), Message: tidy(v.Get("message").Str()), RetryAfter: delay}
	if s := v.Get("status").Str(); len(s) <= 64 {
		e.Code = strings.ToLower(s)
	}
	if e.Message == "" {
		e.Message = chat.Unexplained("Gemini", status)
	}
	return e
}

// mostDelay bounds what is made of a delay.
const mostDelay = 24 * 60 * 60

// seconds reads the retryDelay of a google.rpc.RetryInfo, such as 45.837906927s, which
// this API says instead of a retry-after header; 0 if it is none.
func seconds(s string) int64 {
	s, ok := strings.CutSuffix(s, "s")
	f, err := strconv.ParseFloat(s, 64)
	if !ok || err != nil || f <= 0 || f != f {
		return 0
	}
	return int64(math.Ceil(min(f, mostDelay)))
}

// tidy bounds a message and takes the keys out that Google names in some.
func tidy(s string) string {
	s = chat.Clip(s, mostMessage)
	const key = "AIza" // how keys begin
	for from := 0; ; {
		i := strings.Index(s[from:], key)
		if i < 0 {
			return s
		}
		from += i
		end := from + len(key)
		for end < len(s) && (s[end]|0x20-'a' < 26 || s[end]-'0' < 10 || s[end] == '-' || s[end] == '_') {
			end++
		}
		s = s[:from] + "[redacted]" + s[end:]
	}
}
