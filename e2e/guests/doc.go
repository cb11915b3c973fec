// Package guests runs plugins that other people's SDKs made, in hostsim and in a real
// Envoy: AssemblyScript with @solo-io/proxy-runtime, and Rust with proxy-wasm.
//
// Each folder has the same plugin, the gate, and one table runs against all:
//
//   - its configuration, a greeting, must be one word
//   - every second it counts in the shared data "ticks"
//   - a request without x-token is answered 401
//   - the cluster accounts is asked for the token; unless it says 200, the answer is 403
//   - x-user, as accounts says, and x-method, a property, go upstream; the user is kept
//     in the filter state
//   - the request's body gets the greeting in front, the response's is in upper case
//   - the response gets x-ticks
//   - the counter gate_requests and a log line have every request
//
// make guests builds them: Rust only where cargo and a wasm target are to be had.
package guests
