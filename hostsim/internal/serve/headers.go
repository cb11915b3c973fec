package serve

import (
	"net/http"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/hostsim"
)

// lowerName is a canonical name in lower case, without allocating for common ones.
func lowerName(name string) string {
	switch name {
	case "Accept":
		return "accept"
	case "Accept-Encoding":
		return "accept-encoding"
	case "Authorization":
		return "authorization"
	case "Cache-Control":
		return "cache-control"
	case "Connection":
		return "connection"
	case "Content-Length":
		return "content-length"
	case "Content-Type":
		return "content-type"
	case "Date":
		return "date"
	case "Server":
		return "server"
	case "User-Agent":
		return "user-agent"
	case "X-Request-Id":
		return "x-request-id"
	}
	return strings.ToLower(name)
}

// canonicalName is the form by which net/http knows the headers that mean something
// to it. All others go out in lower case, as a proxy writes them.
func canonicalName(name string) string {
	switch name {
	case "accept-encoding":
		return "Accept-Encoding"
	case "content-encoding":
		return "Content-Encoding"
	case "content-length":
		return "Content-Length"
	case "content-type":
		return "Content-Type"
	case "cookie":
		return "Cookie"
	case "date":
		return "Date"
	case "host":
		return "Host"
	case "range":
		return "Range"
	case "te":
		return "Te"
	case "trailer":
		return "Trailer"
	case "user-agent":
		return "User-Agent"
	}
	return name
}

// isHop says whether a header is about one connection only. An expectation of 100
// is met by the server itself.
func isHop(name string) bool {
	switch name {
	case "connection", "expect", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "http2-settings":
		return true
	}
	return false
}

// appendHeaders adds fields of net/http in the order of their names: the order on
// the wire is not known. Fields that are about the connection stay behind.
func appendHeaders(to hostsim.Headers, from http.Header) hostsim.Headers {
	first := len(to)
	named := from["Connection"]
	for k, values := range from {
		name := lowerName(k)
		if isHop(name) || name == "te" && !slices.Contains(values, "trailers") || named != nil && isNamed(named, name) {
			continue
		}
		for _, v := range values {
			to = append(to, hostsim.Header{Name: name, Value: v})
		}
	}
	added := to[first:]
	for i := 1; i < len(added); i++ { // stable: values of a name keep their order
		for j := i; j > 0 && added[j].Name < added[j-1].Name; j-- {
			added[j], added[j-1] = added[j-1], added[j]
		}
	}
	return to
}

// isNamed says whether a Connection header claims a name for the connection.
func isNamed(connection []string, name string) bool {
	for _, v := range connection {
		for _, one := range strings.Split(v, ",") {
			if strings.EqualFold(strings.TrimSpace(one), name) {
				return true
			}
		}
	}
	return false
}

// fill sets fields in a header of net/http. Pseudo-headers and those about the
// connection are not for it.
func fill(to http.Header, from hostsim.Headers) {
	values := make([]string, len(from)) // one allocation for the values of all fields
	for i, f := range from {
		if f.Name == "" || f.Name[0] == ':' || isHop(f.Name) {
			continue
		}
		k := canonicalName(f.Name)
		if old, ok := to[k]; ok {
			to[k] = append(old, f.Value)
			continue
		}
		values[i] = f.Value
		to[k] = values[i : i+1 : i+1]
	}
}
