// Package gateway is the gateway's logic as two state machines: a Stream for each
// request, a Worker for what outlives requests.
//
// An event goes in, a Step comes out; nothing here talks to a proxy. So the same
// cases run natively, in a simulator and in Envoy. What needs an answer at once is a
// call on the Port.
package gateway
