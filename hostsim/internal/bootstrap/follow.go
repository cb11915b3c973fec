package bootstrap

// A Follow is an internal redirect policy.
type Follow struct {
	Codes       []int
	Most        int // for one request
	CrossScheme bool
	Copy        []string // headers of the answer
}

func readFollow(o *object) *Follow {
	f := &Follow{Most: o.integer("max_internal_redirects", 1, 0, 1<<31-1), CrossScheme: o.boolean("allow_cross_scheme_redirect", false)}
	for _, n := range o.items("redirect_response_codes") {
		switch code := int(o.number(n, "redirect_response_codes")); code {
		case 301, 302, 303, 307, 308: // Envoy ignores others
			f.Codes = append(f.Codes, code)
		}
	}
	if !o.has("redirect_response_codes") {
		f.Codes = []int{302}
	}
	for _, name := range o.strings("response_headers_to_copy") {
		f.Copy = append(f.Copy, lower(name))
	}
	o.done()
	return f
}
