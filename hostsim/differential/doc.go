// Package differential compares the simulator with a real Envoy.
//
// A scenario in testdata says what plugins do, what the client and the upstream
// send frame by frame, and nothing of what should come of it: that is what both
// hosts are asked. After each step they must agree on every frame that the client,
// the upstream and the callouts' server have got, on every callback with its
// arguments, every host call with its status and result, and every log line; in the
// end also on the access log and on the metrics.
//
// A folder of testdata is one proxy process on both sides. README.md tells how to
// write one; cells.txt lists what has to be covered, and unreachable.txt what cannot.
package differential
