package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// Places in the SSZ of an ExecutionPayloadEnvelope.
const (
	numberAt = 436
	extraAt  = 468
	hashAt   = 504
	fixedV3  = 528
	fixedV4  = 560
)

// unsafeHead is op-conductor's state machine: the newest payload, by number.
type unsafeHead struct {
	mu           sync.Mutex
	ssz          []byte
	applied      uint64 // commands
	refused      uint64 // commands that are no payload
	restored     uint64 // snapshots
	restoring    atomic.Int32
	restoreDelay time.Duration
}

func numberOf(ssz []byte) (uint64, error) {
	if len(ssz) < fixedV3+32 {
		return 0, errors.New("scope too small")
	}
	if extra := binary.LittleEndian.Uint32(ssz[extraAt:]); extra != fixedV3 && extra != fixedV4 {
		return 0, errors.New("offset of extra data")
	}
	return binary.LittleEndian.Uint64(ssz[numberAt:]), nil
}

func (h *unsafeHead) Apply(l *raft.Log) interface{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(l.Data) == 0 {
		h.refused++
		return errors.New("log data is nil or empty")
	}
	number, err := numberOf(l.Data)
	if err != nil {
		h.refused++
		return err
	}
	h.applied++
	if h.ssz != nil {
		if newest, _ := numberOf(h.ssz); number <= newest {
			return nil
		}
	}
	h.ssz = bytes.Clone(l.Data)
	return nil
}

func (h *unsafeHead) latest() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ssz
}

type snapshot struct{ ssz []byte }

func (h *unsafeHead) Snapshot() (raft.FSMSnapshot, error) {
	ssz := h.latest()
	if ssz == nil {
		return nil, errors.New("no unsafe head") // op-conductor dereferences nil here
	}
	return &snapshot{ssz}, nil
}

func (s *snapshot) Persist(sink raft.SnapshotSink) error {
	if _, err := sink.Write(s.ssz); err != nil {
		_ = sink.Cancel()
		return err
	}
	return sink.Close()
}

func (s *snapshot) Release() {}

func (h *unsafeHead) Restore(in io.ReadCloser) error {
	defer in.Close()
	ssz, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	if _, err := numberOf(ssz); err != nil {
		return err
	}
	h.restoring.Store(1)
	time.Sleep(h.restoreDelay)
	h.restoring.Store(0)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ssz = ssz
	h.restored++
	return nil
}
