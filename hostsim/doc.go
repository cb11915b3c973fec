// Package hostsim runs proxy-wasm plugins in the test process, on wazero.
//
// It keeps to what Envoy 1.40 and the reference host library do: which callbacks
// run in which order, what a plugin sees and may change at each of them, which
// status a host call returns for which mistake, what happens after a local
// reply, a reset, a disconnect or a trap. The plugin may be written in any
// language; it is the same .wasm file that the proxy loads.
//
// A Module is compiled once. A Host is one proxy process: its workers, its VMs,
// its clock, shared data, queues, metrics and log. Streams are driven through
// it, whole (Host.Do) or frame by frame (Host.NewStream). Nothing is global, so
// tests run in parallel; time and randomness are the test's own, so they repeat.
//
// It does not parse HTTP on a wire, and what a proxy adds before and behind its
// filters (x-request-id, date, server and the like) is left to the caller.
//
// The ABI: https://github.com/proxy-wasm/spec/tree/main/abi-versions
package hostsim
