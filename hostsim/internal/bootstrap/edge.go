package bootstrap

import "net/netip"

// readEdge reads what an HTTP connection manager does to requests from outside.
func readEdge(o *object, h *HCM) {
	if c, ok := o.child("internal_address_config"); ok {
		h.Internal = []netip.Prefix{}
		c.list("cidr_ranges", func(r *object) {
			ip, err := netip.ParseAddr(r.required("address_prefix"))
			if err != nil {
				r.failAt("address_prefix", "want an IP address")
			}
			p := netip.PrefixFrom(ip, r.integer("prefix_len", 0, 0, 128))
			if err == nil && !p.IsValid() {
				r.failAt("prefix_len", "want at most %d", ip.BitLen())
			}
			h.Internal = append(h.Internal, p)
			r.done()
		})
		c.ignore("there are no Unix sockets here", "unix_sockets")
		c.done()
	}
	o.list("early_header_mutation_extensions", func(e *object) {
		e.required("name")
		if m, ok := e.typed("typed_config", typeMutation); ok {
			m.list("mutations", func(one *object) { readMutation(one, h) })
			m.done()
		}
		e.done()
	})
}

func readMutation(o *object, h *HCM) {
	switch kind := o.oneOf("remove", "append"); kind {
	case "remove":
		h.EarlyRemove = append(h.EarlyRemove, lower(o.required(kind)))
	case "append":
		e, _ := o.child(kind)
		h.EarlyAdd = append(h.EarlyAdd, readHeaderEdit(e))
	}
	o.done()
}
