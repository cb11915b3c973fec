//go:build wasip1

package main

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// got runs a host call that hands over bytes.
func got(f func(ptr, size uint32) uint32) (reply, []byte) {
	ptr, p := state.mem.out()
	size, n := state.mem.out()
	r := status(f(ptr, size))
	return r, state.mem.take(uint32(*p), uint32(*n))
}

// word32 runs a host call that writes one number.
func number(f func(out uint32) uint32) reply {
	out, w := state.mem.out()
	r := status(f(out))
	if r.status == 0 {
		return r.value(strconv.FormatUint(*w, 10))
	}
	return r
}

// verbs returns the function of a verb; nil if there is none.
func verbs(verb string) func(*arguments) reply {
	for _, list := range []func(string) func(*arguments) reply{
		verbsMaps, verbsStream, verbsShared, verbsCallouts, verbsGeneral, verbsBeyond,
	} {
		if f := list(verb); f != nil {
			return f
		}
	}
	return nil
}

func verbsMaps(verb string) func(*arguments) reply {
	switch verb {
	case "get_header_map_value":
		return func(a *arguments) reply {
			typ := a.num()
			k, n := address(a.str())
			r, b := got(func(p, s uint32) uint32 { return proxyGetHeaderMapValue(typ, k, n, p, s) })
			return r.bytes(b)
		}
	case "add_header_map_value", "replace_header_map_value":
		f := proxyAddHeaderMapValue
		if verb[0] == 'r' {
			f = proxyReplaceHeaderMapValue
		}
		return func(a *arguments) reply {
			typ := a.num()
			k, n := address(a.str())
			v, m := address(a.str())
			return status(f(typ, k, n, v, m))
		}
	case "remove_header_map_value":
		return func(a *arguments) reply {
			typ := a.num()
			k, n := address(a.str())
			return status(proxyRemoveHeaderMapValue(typ, k, n))
		}
	case "get_header_map_pairs":
		return func(a *arguments) reply {
			typ := a.num()
			r, b := got(func(p, s uint32) uint32 { return proxyGetHeaderMapPairs(typ, p, s) })
			r.first, r.text = string(b), showPairs(b)
			return r
		}
	case "set_header_map_pairs":
		return func(a *arguments) reply {
			typ := a.num()
			p, n := address(a.pairs())
			return status(proxySetHeaderMapPairs(typ, p, n))
		}
	case "get_header_map_size":
		return func(a *arguments) reply {
			typ := a.num()
			return number(func(o uint32) uint32 { return proxyGetHeaderMapSize(typ, o) })
		}
	case "get_buffer_bytes":
		return func(a *arguments) reply {
			typ, start, n := a.num(), a.num(), a.num()
			r, b := got(func(p, s uint32) uint32 { return proxyGetBufferBytes(typ, start, n, p, s) })
			return r.bytes(b)
		}
	case "get_buffer_status":
		return func(a *arguments) reply {
			typ := a.num()
			flags, f := state.mem.out()
			r := number(func(o uint32) uint32 { return proxyGetBufferStatus(typ, o, flags) })
			if r.status == 0 {
				r.text += " " + strconv.FormatUint(*f, 10)
			}
			return r
		}
	case "set_buffer_bytes":
		return func(a *arguments) reply {
			typ, start, n := a.num(), a.num(), a.num()
			p, s := address(a.str())
			return status(proxySetBufferBytes(typ, start, n, p, s))
		}
	}
	return nil
}

func verbsStream(verb string) func(*arguments) reply {
	switch verb {
	case "continue_stream":
		return func(a *arguments) reply { return status(proxyContinueStream(a.num())) }
	case "close_stream":
		return func(a *arguments) reply { return status(proxyCloseStream(a.num())) }
	case "send_local_response": // CODE DETAILS BODY GRPC-STATUS name=value…
		return func(a *arguments) reply {
			code := a.num()
			d, dn := address(a.str())
			b, bn := address(a.str())
			grpc := a.num()
			h, hn := address(a.pairs())
			return status(proxySendLocalResponse(code, d, dn, b, bn, h, hn, grpc))
		}
	case "set_effective_context":
		return func(a *arguments) reply { return status(proxySetEffectiveContext(a.num())) }
	case "done":
		return func(*arguments) reply { return status(proxyDone()) }
	case "get_property": // PART…
		return func(a *arguments) reply {
			var parts []string
			for len(a.words) > 0 {
				parts = append(parts, a.str())
			}
			p, n := address(strings.Join(parts, "\x00"))
			r, b := got(func(o, s uint32) uint32 { return proxyGetProperty(p, n, o, s) })
			return r.bytes(b)
		}
	case "set_property": // NAME VALUE
		return func(a *arguments) reply {
			k, n := address(a.str())
			v, m := address(a.str())
			return status(proxySetProperty(k, n, v, m))
		}
	}
	return nil
}

func verbsShared(verb string) func(*arguments) reply {
	switch verb {
	case "get_shared_data":
		return func(a *arguments) reply {
			k, n := address(a.str())
			cas, c := state.mem.out()
			r, b := got(func(p, s uint32) uint32 { return proxyGetSharedData(k, n, p, s, cas) })
			r = r.bytes(b)
			if r.status == 0 {
				r.text += " " + strconv.FormatUint(*c, 10)
			}
			return r
		}
	case "set_shared_data": // KEY VALUE CAS
		return func(a *arguments) reply {
			k, n := address(a.str())
			v, m := address(a.str())
			return status(proxySetSharedData(k, n, v, m, a.num()))
		}
	case "register_shared_queue":
		return func(a *arguments) reply {
			k, n := address(a.str())
			return number(func(o uint32) uint32 { return proxyRegisterSharedQueue(k, n, o) })
		}
	case "resolve_shared_queue": // VM-ID NAME
		return func(a *arguments) reply {
			v, m := address(a.str())
			k, n := address(a.str())
			return number(func(o uint32) uint32 { return proxyResolveSharedQueue(v, m, k, n, o) })
		}
	case "enqueue_shared_queue":
		return func(a *arguments) reply {
			token := a.num()
			p, n := address(a.str())
			return status(proxyEnqueueSharedQueue(token, p, n))
		}
	case "dequeue_shared_queue":
		return func(a *arguments) reply {
			token := a.num()
			r, b := got(func(p, s uint32) uint32 { return proxyDequeueSharedQueue(token, p, s) })
			return r.bytes(b)
		}
	case "define_metric": // TYPE NAME
		return func(a *arguments) reply {
			typ := a.num()
			k, n := address(a.str())
			return number(func(o uint32) uint32 { return proxyDefineMetric(typ, k, n, o) })
		}
	case "increment_metric":
		return func(a *arguments) reply { id := a.num(); return status(proxyIncrementMetric(id, a.num64())) }
	case "record_metric":
		return func(a *arguments) reply { id := a.num(); return status(proxyRecordMetric(id, uint64(a.num64()))) }
	case "get_metric":
		return func(a *arguments) reply {
			id := a.num()
			return number(func(o uint32) uint32 { return proxyGetMetric(id, o) })
		}
	}
	return nil
}

func verbsCallouts(verb string) func(*arguments) reply {
	switch verb {
	case "http_call": // CLUSTER TIMEOUT BODY name=value… / trailer=value…
		return func(a *arguments) reply {
			c, cn := address(a.str())
			timeout := a.num()
			b, bn := address(a.str())
			h, hn := address(a.pairs())
			t, tn := address(a.pairs())
			return number(func(o uint32) uint32 { return proxyHTTPCall(c, cn, h, hn, b, bn, t, tn, timeout, o) })
		}
	case "grpc_call": // CLUSTER SERVICE METHOD TIMEOUT MESSAGE name=value…
		return func(a *arguments) reply {
			c, cn := address(a.str())
			s, sn := address(a.str())
			m, mn := address(a.str())
			timeout := a.num()
			b, bn := address(a.str())
			h, hn := address(a.pairs())
			return number(func(o uint32) uint32 {
				return proxyGrpcCall(c, cn, s, sn, m, mn, h, hn, b, bn, timeout, o)
			})
		}
	case "grpc_stream": // CLUSTER SERVICE METHOD name=value…
		return func(a *arguments) reply {
			c, cn := address(a.str())
			s, sn := address(a.str())
			m, mn := address(a.str())
			h, hn := address(a.pairs())
			return number(func(o uint32) uint32 { return proxyGrpcStream(c, cn, s, sn, m, mn, h, hn, o) })
		}
	case "grpc_send": // TOKEN MESSAGE END
		return func(a *arguments) reply {
			token := a.num()
			p, n := address(a.str())
			return status(proxyGrpcSend(token, p, n, a.num()))
		}
	case "grpc_close":
		return func(a *arguments) reply { return status(proxyGrpcClose(a.num())) }
	case "grpc_cancel":
		return func(a *arguments) reply { return status(proxyGrpcCancel(a.num())) }
	}
	return nil
}

func verbsGeneral(verb string) func(*arguments) reply {
	switch verb {
	case "log": // LEVEL TEXT
		return func(a *arguments) reply {
			level := a.num()
			p, n := address(a.str())
			return status(proxyLog(level, p, n))
		}
	case "get_log_level":
		return func(*arguments) reply { return number(proxyGetLogLevel) }
	case "get_status":
		return func(*arguments) reply {
			code, c := state.mem.out()
			r, b := got(func(p, s uint32) uint32 { return proxyGetStatus(code, p, s) })
			r = r.bytes(b)
			if r.status == 0 {
				r.text = strconv.FormatUint(*c, 10) + " " + r.text
			}
			return r
		}
	case "set_tick_period_milliseconds":
		return func(a *arguments) reply { return status(proxySetTickPeriod(a.num())) }
	case "get_current_time_nanoseconds":
		return func(*arguments) reply { return number(proxyGetCurrentTime) }
	case "call_foreign_function": // NAME ARGUMENT
		return func(a *arguments) reply {
			name := a.str()
			return foreign(name, a.str())
		}
	case "expression": // TEXT: it is made, evaluated and deleted
		return func(a *arguments) reply {
			made := foreign("expr_create", a.str())
			if made.status != 0 {
				made.text = "not made"
				return made
			}
			r := foreign("expr_evaluate", made.first)
			foreign("expr_delete", made.first)
			return r
		}
	}
	return nil
}

func foreign(name, argument string) reply {
	k, n := address(name)
	v, m := address(argument)
	r, b := got(func(p, s uint32) uint32 { return proxyCallForeignFunction(k, n, v, m, p, s) })
	return r.bytes(b)
}

func random(n int) string {
	b := make([]byte, n)
	readRandom(b)
	return hex.EncodeToString(b)
}
