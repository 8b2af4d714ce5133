// Gopeer is one member of a raft group on hashicorp/raft, set up as op-conductor sets it up (spec of the wire,
// 5.1), so that conductord is tested beside what it will meet. It does nothing by itself: a test tells it what to
// do over HTTP on loopback. It prints two lines, "raft ADDRESS" and "control ADDRESS", and serves until killed.
package main

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	boltdb "github.com/hashicorp/raft-boltdb/v2"
)

type settings struct {
	id, dir, listen  string
	bootstrap        bool
	snapshotInterval time.Duration
	threshold        uint64
	trailing         uint64
	plantTerm        uint64
	plantCount       uint64
	restoreDelay     time.Duration
}

func parse() settings {
	var s settings
	flag.StringVar(&s.id, "id", "", "server ID")
	flag.StringVar(&s.dir, "dir", "", "where log, votes and snapshots lie")
	flag.StringVar(&s.listen, "listen", "127.0.0.1:0", "raft address")
	flag.BoolVar(&s.bootstrap, "bootstrap", false, "be the only voter of a new cluster")
	flag.DurationVar(&s.snapshotInterval, "snapshot-interval", 120*time.Second, "as in op-conductor")
	flag.Uint64Var(&s.threshold, "snapshot-threshold", 8192, "as in op-conductor")
	flag.Uint64Var(&s.trailing, "trailing-logs", 10240, "as in op-conductor")
	flag.Uint64Var(&s.plantTerm, "plant-term", 0, "term of the entries of -plant-count")
	flag.Uint64Var(&s.plantCount, "plant-count", 0, "append this many entries that nobody committed, before it starts")
	flag.DurationVar(&s.restoreDelay, "restore-delay", 0, "how long the state machine takes to restore a snapshot")
	flag.Parse()
	return s
}

// A tail that another leader left here and that no quorum has.
func plant(store raft.LogStore, term, count uint64) error {
	last, err := store.LastIndex()
	if err != nil {
		return err
	}
	logs := make([]*raft.Log, 0, count)
	for i := uint64(1); i <= count; i++ {
		logs = append(logs, &raft.Log{Index: last + i, Term: term, Type: raft.LogCommand, Data: []byte("planted")})
	}
	return store.StoreLogs(logs)
}

func start(s settings) (*member, error) {
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, err
	}
	logger := hclog.New(&hclog.LoggerOptions{Name: s.id, Level: hclog.Debug, Output: os.Stderr})
	bolt, err := boltdb.NewBoltStore(filepath.Join(s.dir, "raft-log.db"))
	if err != nil {
		return nil, err
	}
	stable, err := boltdb.NewBoltStore(filepath.Join(s.dir, "raft-stable.db"))
	if err != nil {
		return nil, err
	}
	snapshots, err := raft.NewFileSnapshotStoreWithLogger(s.dir, 1, logger)
	if err != nil {
		return nil, err
	}
	if s.plantCount > 0 {
		if err := plant(bolt, s.plantTerm, s.plantCount); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return nil, err
	}
	network := newFaultyNetwork(listener)
	transport := raft.NewNetworkTransportWithConfig(&raft.NetworkTransportConfig{
		Stream: network, MaxPool: 10, Timeout: 5 * time.Second, Logger: logger})

	config := raft.DefaultConfig()
	config.LocalID = raft.ServerID(s.id)
	config.ShutdownOnRemove = false
	config.SnapshotInterval = s.snapshotInterval
	config.SnapshotThreshold = s.threshold
	config.TrailingLogs = s.trailing
	config.Logger = logger

	m := &member{network: network, log: &faultyLog{LogStore: bolt}, head: &unsafeHead{restoreDelay: s.restoreDelay}}
	if m.raft, err = raft.NewRaft(config, m.head, m.log, stable, snapshots, transport); err != nil {
		return nil, err
	}
	if s.bootstrap {
		self := raft.Server{ID: config.LocalID, Address: raft.ServerAddress(listener.Addr().String())}
		err := m.raft.BootstrapCluster(raft.Configuration{Servers: []raft.Server{self}}).Error()
		if err != nil && !errors.Is(err, raft.ErrCantBootstrap) {
			return nil, err
		}
	}
	fmt.Printf("raft %s\n", listener.Addr())
	return m, nil
}

func main() {
	m, err := start(parse())
	if err != nil {
		fmt.Fprintln(os.Stderr, "gopeer:", err)
		os.Exit(1)
	}
	control, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, "gopeer:", err)
		os.Exit(1)
	}
	fmt.Printf("control %s\n", control.Addr())
	fmt.Fprintln(os.Stderr, "gopeer:", http.Serve(control, m.handler()))
	os.Exit(1)
}
