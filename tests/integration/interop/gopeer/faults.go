package main

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// faultyLog refuses to store while it is told to.
type faultyLog struct {
	raft.LogStore
	failures atomic.Int64 // of the next calls
}

func (f *faultyLog) StoreLogs(logs []*raft.Log) error {
	if f.failures.Load() > 0 {
		f.failures.Add(-1)
		return errors.New("planted failure of the disk")
	}
	return f.LogStore.StoreLogs(logs)
}

func (f *faultyLog) StoreLog(l *raft.Log) error { return f.StoreLogs([]*raft.Log{l}) }

// faultyNetwork is the library's TCP stream layer, with a cut and a hole that a test opens.
type faultyNetwork struct {
	net.Listener
	isolated atomic.Bool
	drops    atomic.Int64 // of the next appends that carry entries
	mu       sync.Mutex
	open     map[net.Conn]struct{}
}

func newFaultyNetwork(l net.Listener) *faultyNetwork {
	return &faultyNetwork{Listener: l, open: map[net.Conn]struct{}{}}
}

func (n *faultyNetwork) keep(c net.Conn) net.Conn {
	kept := &faultyConn{Conn: c, network: n}
	n.mu.Lock()
	n.open[kept] = struct{}{}
	n.mu.Unlock()
	return kept
}

func (n *faultyNetwork) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	if n.isolated.Load() {
		return nil, errors.New("isolated")
	}
	c, err := net.DialTimeout("tcp", string(address), timeout)
	if err != nil {
		return nil, err
	}
	return n.keep(c), nil
}

func (n *faultyNetwork) Accept() (net.Conn, error) {
	for {
		c, err := n.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if !n.isolated.Load() {
			return n.keep(c), nil
		}
		c.Close()
	}
}

// isolate cuts every connection and, until it is undone, makes no new one.
func (n *faultyNetwork) isolate(on bool) {
	n.isolated.Store(on)
	if !on {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.open {
		_ = c.(*faultyConn).Conn.Close()
	}
}

type faultyConn struct {
	net.Conn
	network *faultyNetwork
}

// A small request is one write. One that carries a payload, and not its answer's turn, is swallowed on demand: the
// follower then sees a gap on a connection that had been in step.
func (c *faultyConn) Write(b []byte) (int, error) {
	const appendEntries = 0
	if len(b) > 600 && b[0] == appendEntries && c.network.drops.Load() > 0 {
		c.network.drops.Add(-1)
		return len(b), nil
	}
	return c.Conn.Write(b)
}

func (c *faultyConn) Close() error {
	c.network.mu.Lock()
	delete(c.network.open, c)
	c.network.mu.Unlock()
	return c.Conn.Close()
}
