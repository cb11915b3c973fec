package hostsim

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
)

// Recorded answers each request with the next of the answers, as they were recorded. A
// request more than there are answers is reset, so that a test sees it.
func Recorded(answers ...Response) Handler {
	var next atomic.Int64
	return func(Request) Response {
		n := int(next.Add(1)) - 1
		if n >= len(answers) {
			return Response{Reset: "no recorded answer is left"}
		}
		return answers[n]
	}
}

// Endpoint sends each request to a real HTTP server and answers with what it answers, its
// body in the pieces in which it came. base is the server's URL without a path; client
// may be nil. A server that cannot be reached resets the request; one that does not answer
// within a callout's timeout is left, since the callout has ended by then. The time of an
// answer is the machine's, so a host that uses it wants Config.RealTime.
func Endpoint(client *http.Client, base string) Handler {
	if client == nil {
		client = http.DefaultClient
	}
	return func(r Request) Response {
		ctx := context.Background()
		if r.Timeout > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, r.Timeout)
			defer cancel()
		}
		out, err := http.NewRequestWithContext(ctx, r.Headers.Get(":method"), base+r.Headers.Get(":path"), bytes.NewReader(r.WholeBody()))
		if err != nil {
			return Response{Reset: err.Error()}
		}
		out.Host = r.Headers.Get(":authority")
		for _, h := range r.Headers {
			if !strings.HasPrefix(h.Name, ":") && h.Name != "content-length" {
				out.Header.Add(h.Name, h.Value)
			}
		}
		in, err := client.Do(out)
		if err != nil {
			return Response{Reset: "connection failure: " + err.Error()}
		}
		defer in.Body.Close() //nolint:errcheck // it is read to its end
		return received(in)
	}
}

// received is a server's answer as a proxy has it.
func received(in *http.Response) Response {
	out := Respond(in.StatusCode, "")
	names := make([]string, 0, len(in.Header))
	for name := range in.Header {
		names = append(names, name)
	}
	slices.Sort(names) // the library keeps no order between them
	for _, name := range names {
		for _, value := range in.Header[name] {
			out.Headers.Add(strings.ToLower(name), value)
		}
	}
	for {
		piece := make([]byte, 16<<10)
		n, err := in.Body.Read(piece)
		if n > 0 {
			out.Chunks = append(out.Chunks, piece[:n])
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			out.Reset = "connection termination: " + err.Error()
			return out
		}
	}
	for name, values := range in.Trailer {
		for _, value := range values {
			out.Trailers.Add(strings.ToLower(name), value)
		}
	}
	return out
}
