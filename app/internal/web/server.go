package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"example.com/herokuapp/app/internal/config"
)

// Limits that keep slow or huge requests from occupying the server.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 10 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 95 * time.Second // longer than a router in front keeps connections, such as 90 s for Heroku's
	maxHeaderBytes    = 16 << 10

	// unusedTimeout is how long a connection without a whole request may hold up Stop. Browsers
	// open some in advance, and net/http would wait five seconds for them, and as long for a
	// request that is sent slowly.
	unusedTimeout = 2 * time.Second
)

// Server is an HTTP server of the program: that of the page, or of the metrics.
type Server struct {
	http            http.Server
	endpoint        endpoint
	revision        string
	shutdownTimeout time.Duration
	log             *zap.Logger

	listener net.Listener
	served   chan struct{} // closed once Serve has returned
	conns    sync.Map      // of net.Conn to *connection: those that are open
}

// endpoint is where a server listens.
type endpoint struct {
	network, address string
	variables        string // that choose the address
	message          string // of the log once it listens
}

// NewServer returns a server for handler at the address of the page. It does not listen yet.
func NewServer(cfg config.Config, handler http.Handler, log *zap.Logger) (*Server, error) {
	page := endpoint{network(cfg.Host), address(cfg.Host, cfg.Port), "HOST and PORT", "serving"}
	return newServer(cfg, page, handler, log)
}

// NewMetricsServer returns a server for handler at cfg.MetricsAddr. It does not listen yet.
func NewMetricsServer(cfg config.Config, handler http.Handler, log *zap.Logger) (*Server, error) {
	metrics := endpoint{network(cfg.MetricsAddr.Addr()), cfg.MetricsAddr.String(), "METRICS_ADDR", "serving metrics"}
	return newServer(cfg, metrics, handler, log)
}

func newServer(cfg config.Config, at endpoint, handler http.Handler, log *zap.Logger) (*Server, error) {
	errorLog, err := zap.NewStdLogAt(log.Named("http"), zap.WarnLevel)
	if err != nil {
		return nil, fmt.Errorf("log for net/http: %w", err)
	}
	s := &Server{
		http: http.Server{
			DisableGeneralOptionsHandler: true, // "OPTIONS *" is a path like any other
			ReadHeaderTimeout:            readHeaderTimeout,
			ReadTimeout:                  readTimeout,
			WriteTimeout:                 writeTimeout,
			IdleTimeout:                  idleTimeout,
			MaxHeaderBytes:               maxHeaderBytes,
			ErrorLog:                     errorLog,
		},
		endpoint:        at,
		revision:        cfg.Revision,
		shutdownTimeout: cfg.ShutdownTimeout,
		log:             log,
		served:          make(chan struct{}),
	}
	s.http.Handler = mark(handler)
	s.http.ConnContext = s.accept
	s.http.ConnState = s.follow
	return s, nil
}

// network returns tcp4 or tcp6, according to the address. With "tcp", Go listens to both
// families for 0.0.0.0 and for ::.
func network(host netip.Addr) string {
	switch {
	case host.Is4():
		return "tcp4"
	case host.Is6():
		return "tcp6"
	default:
		return "tcp"
	}
}

// address joins the port to the host, if there is one.
func address(host netip.Addr, port uint16) string {
	name := ""
	if host.IsValid() {
		name = host.String()
	}
	return net.JoinHostPort(name, strconv.Itoa(int(port)))
}

// Start listens and returns. Requests are served from then on. If serving ends before Stop,
// failed is called.
func (s *Server) Start(ctx context.Context, failed func()) error {
	listener, err := new(net.ListenConfig).Listen(ctx, s.endpoint.network, s.endpoint.address)
	if err != nil {
		return fmt.Errorf("can't listen on the address in %s, choose another: %w", s.endpoint.variables, err)
	}
	s.listener = listener
	s.log.Info(s.endpoint.message, zap.Stringer("address", listener.Addr()), zap.String("revision", s.revision))
	go func() {
		defer close(s.served)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("the server failed", zap.Error(err))
			failed()
		}
	}()
	return nil
}

// Address is the address that the server listens on after Start.
func (s *Server) Address() net.Addr { return s.listener.Addr() }

// Stop accepts no more connections and waits for the requests in flight. After most of the
// shutdown timeout it cuts off the remaining requests and returns an error: the rest of the
// time is for the store.
func (s *Server) Stop(ctx context.Context) error {
	s.log.Info("stopping", zap.Duration("timeout", s.shutdownTimeout))
	ctx, cancel := context.WithTimeout(ctx, s.shutdownTimeout*4/5)
	defer cancel()
	unused := time.AfterFunc(min(unusedTimeout, s.shutdownTimeout/5), s.closeUnused)
	defer unused.Stop()
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("requests took too long for SHUTDOWN_TIMEOUT=%s and were cut off: %w", s.shutdownTimeout, err), s.http.Close())
	}
	<-s.served
	return err
}

// connection is what is known of an open connection.
type connection struct {
	busy atomic.Bool // the head of a request has arrived, which is not answered yet
}

// connectionKey is the key of the [connection] in a request's context.
type connectionKey struct{}

// accept begins to follow a connection.
func (s *Server) accept(ctx context.Context, conn net.Conn) context.Context {
	followed := new(connection)
	s.conns.Store(conn, followed)
	return context.WithValue(ctx, connectionKey{}, followed)
}

// mark notes that a request has arrived.
func mark(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if followed, ok := r.Context().Value(connectionKey{}).(*connection); ok {
			followed.busy.Store(true)
		}
		next.ServeHTTP(w, r)
	})
}

// follow notes that a request has been answered, and the end of a connection.
func (s *Server) follow(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateIdle:
		if followed, ok := s.conns.Load(conn); ok {
			followed.(*connection).busy.Store(false)
		}
	case http.StateClosed, http.StateHijacked:
		s.conns.Delete(conn)
	case http.StateNew, http.StateActive:
	}
}

// closeUnused closes the connections that have no request to answer.
func (s *Server) closeUnused() {
	for conn, followed := range s.conns.Range {
		if !followed.(*connection).busy.Load() {
			_ = conn.(net.Conn).Close() // net/http notices
		}
	}
}

// Close stops listening and cuts off the requests in flight. It does nothing before Start.
func (s *Server) Close() error {
	if s.listener == nil {
		return nil
	}
	err := s.http.Close()
	<-s.served
	return err
}
