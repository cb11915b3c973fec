package mockllm

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/postern-gateway/postern/e2e/mockllm/journal"
)

// An Address is where one provider listens.
type Address struct {
	Provider string `json:"provider"`
	Addr     string `json:"addr"` // 127.0.0.1:40123
	URL      string `json:"url"`  // http://127.0.0.1:40123
	Host     string `json:"host"` // the name of the server, to be sent as SNI where it serves TLS
}

// Addresses are those of all providers, in the order of Providers.
type Addresses []Address

// Of returns the address of one provider, or the zero Address.
func (a Addresses) Of(providerName string) Address {
	for _, addr := range a {
		if addr.Provider == providerName {
			return addr
		}
	}
	return Address{}
}

type running struct {
	server *http.Server
	done   chan error
}

// Start listens and serves until Close or Shutdown.
func (s *Server) Start() (Addresses, error) {
	if err := s.options.check(); err != nil {
		return nil, err
	}
	if s.options.TLS && s.authority == nil {
		a, err := newAuthority(s.options.Now())
		if err != nil {
			return nil, fmt.Errorf("make a certificate authority: %w", err)
		}
		s.authority = a
	}
	var out Addresses
	for _, p := range Providers() {
		address := s.options.Listen[p.Name]
		if address == "" {
			address = defaultListen
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("provider %s: %w", p.Name, err), s.Close())
		}
		a := Address{Provider: p.Name, Addr: l.Addr().String(), URL: "http://" + l.Addr().String(), Host: p.Hosts[0]}
		if s.options.TLS {
			a.URL = "https://" + a.Addr
		}
		if err := s.serve(l, p.Name, p.Hosts); err != nil {
			return nil, errors.Join(fmt.Errorf("provider %s: %w", p.Name, err), l.Close(), s.Close())
		}
		out = append(out, a)
	}
	return out, nil
}

func (s *Server) serve(l net.Listener, name string, hosts []string) error {
	server := &http.Server{
		Handler:           s.handlers[name],
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0), // refused handshakes are in the journal
		Protocols:         new(http.Protocols),
	}
	server.Protocols.SetHTTP1(true)
	if s.options.TLS {
		config, err := s.authority.config(append(hosts, s.options.Hosts...), func(sni string, err error) {
			s.journal.AddHandshake(journal.Handshake{SNI: sni, Error: err.Error()})
		})
		if err != nil {
			return err
		}
		server.Protocols.SetHTTP2(true)
		l = tls.NewListener(l, config)
	} else {
		server.Protocols.SetUnencryptedHTTP2(true)
	}
	r := running{server, make(chan error, 1)}
	go func() { r.done <- server.Serve(l) }()
	s.running = append(s.running, r)
	return nil
}

// CA is the certificate, in PEM, that clients of a TLS server must trust. It is empty before Start.
func (s *Server) CA() []byte {
	if s.authority == nil {
		return nil
	}
	return s.authority.pem
}

// Shutdown waits for requests under way until ctx ends, then closes.
func (s *Server) Shutdown(ctx context.Context) error {
	var errs []error
	for _, r := range s.running {
		errs = append(errs, r.server.Shutdown(ctx))
	}
	return errors.Join(append(errs, s.Close())...)
}

// Close stops listening and breaks what is under way.
func (s *Server) Close() error {
	var errs []error
	for _, r := range s.running {
		errs = append(errs, r.server.Close())
		if err := <-r.done; !errors.Is(err, http.ErrServerClosed) {
			errs = append(errs, err)
		}
	}
	s.running = nil
	return errors.Join(errs...)
}
