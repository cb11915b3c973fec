// Package shell joins the proxy to the gateway: it turns callbacks into events,
// and steps into host calls. It decides nothing.
package shell
