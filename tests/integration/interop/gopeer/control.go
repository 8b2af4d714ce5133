package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/raft"
)

// enqueue is op-conductor's default time-out of Apply and of membership changes.
const enqueue = 5 * time.Second

type member struct {
	raft    *raft.Raft
	log     *faultyLog
	network *faultyNetwork
	head    *unsafeHead
}

func number(r *http.Request, name string) uint64 {
	value, _ := strconv.ParseUint(r.URL.Query().Get(name), 10, 64)
	return value
}

// handler: each command is a POST with its arguments in the query; an answer other than 200 has the error as text.
func (m *member) handler() http.Handler {
	mux := http.NewServeMux()
	command := func(path string, do func(r *http.Request) (string, error)) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			text, err := do(r)
			if err != nil {
				w.WriteHeader(http.StatusInternalServerError)
				text = err.Error()
			}
			w.Header().Set("Connection", "close")
			_, _ = io.WriteString(w, text)
		})
	}
	change := func(path string, do func(id raft.ServerID, address raft.ServerAddress, previous uint64) raft.IndexFuture) {
		command(path, func(r *http.Request) (string, error) {
			q := r.URL.Query()
			f := do(raft.ServerID(q.Get("id")), raft.ServerAddress(q.Get("addr")), number(r, "prev"))
			if err := f.Error(); err != nil {
				return "", err
			}
			return strconv.FormatUint(f.Index(), 10), nil
		})
	}

	command("/state", func(*http.Request) (string, error) { return m.state(), nil })
	command("/log", func(*http.Request) (string, error) { return m.dump() })
	command("/config", func(*http.Request) (string, error) { return m.configuration() })
	command("/latest", func(*http.Request) (string, error) { return string(m.head.latest()), nil })
	command("/apply", m.apply)
	command("/load", m.load)
	command("/barrier", func(*http.Request) (string, error) { return "", m.raft.Barrier(enqueue).Error() })
	command("/snapshot", func(*http.Request) (string, error) { return "", m.raft.Snapshot().Error() })
	command("/transfer", func(r *http.Request) (string, error) {
		q := r.URL.Query()
		if !q.Has("id") {
			return "", m.raft.LeadershipTransfer().Error()
		}
		to, at := raft.ServerID(q.Get("id")), raft.ServerAddress(q.Get("addr"))
		return "", m.raft.LeadershipTransferToServer(to, at).Error()
	})
	change("/add-voter", func(id raft.ServerID, address raft.ServerAddress, previous uint64) raft.IndexFuture {
		return m.raft.AddVoter(id, address, previous, enqueue)
	})
	change("/add-nonvoter", func(id raft.ServerID, address raft.ServerAddress, previous uint64) raft.IndexFuture {
		return m.raft.AddNonvoter(id, address, previous, enqueue)
	})
	change("/demote", func(id raft.ServerID, _ raft.ServerAddress, previous uint64) raft.IndexFuture {
		return m.raft.DemoteVoter(id, previous, enqueue)
	})
	change("/remove", func(id raft.ServerID, _ raft.ServerAddress, previous uint64) raft.IndexFuture {
		return m.raft.RemoveServer(id, previous, enqueue)
	})
	command("/fault", m.fault)
	return mux
}

func (m *member) state() string {
	address, id := m.raft.LeaderWithID()
	m.head.mu.Lock()
	defer m.head.mu.Unlock()
	newest := uint64(0)
	if m.head.ssz != nil {
		newest, _ = numberOf(m.head.ssz)
	}
	return fmt.Sprintf("role %s\nterm %d\nlast %d\ncommit %d\nhead %d\napplied %d\nrefused %d\nrestored %d\nrestoring %d\n"+
		"leader %s\nleader-address %s\ndrops-left %d\n",
		m.raft.State(), m.raft.CurrentTerm(), m.raft.LastIndex(), m.raft.CommitIndex(), newest, m.head.applied,
		m.head.refused, m.head.restored, m.head.restoring.Load(), id, address, m.network.drops.Load())
}

// dump has a line for each entry: index, term, type, instant (Unix nanoseconds; 0: Go's zero time), length and
// SHA-256 of its octets.
func (m *member) dump() (string, error) {
	first, err := m.log.FirstIndex()
	if err != nil {
		return "", err
	}
	last, err := m.log.LastIndex()
	if err != nil {
		return "", err
	}
	var text bytes.Buffer
	for index := first; index != 0 && index <= last; index++ {
		var l raft.Log
		if err := m.log.GetLog(index, &l); errors.Is(err, raft.ErrLogNotFound) {
			continue // a snapshot leaves a hole behind the entries that were there before it
		} else if err != nil {
			return "", err
		}
		instant := int64(0)
		if !l.AppendedAt.IsZero() {
			instant = l.AppendedAt.UnixNano()
		}
		fmt.Fprintf(&text, "%d %d %d %d %d %x\n", l.Index, l.Term, l.Type, instant, len(l.Data), sha256.Sum256(l.Data))
	}
	return text.String(), nil
}

func (m *member) configuration() (string, error) {
	f := m.raft.GetConfiguration()
	if err := f.Error(); err != nil {
		return "", err
	}
	text := ""
	for _, server := range f.Configuration().Servers {
		text += fmt.Sprintf("%s %s %s\n", server.Suffrage, server.ID, server.Address)
	}
	return text, nil
}

func (m *member) commit(ssz []byte) error {
	f := m.raft.Apply(ssz, enqueue)
	if err := f.Error(); err != nil {
		return err
	}
	if verdict, bad := f.Response().(error); bad {
		return verdict
	}
	return nil
}

func (m *member) apply(r *http.Request) (string, error) {
	ssz, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	return "", m.commit(ssz)
}

// load applies `count` payloads made of the body, from height `first` on, without waiting in between.
func (m *member) load(r *http.Request) (string, error) {
	template, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	if _, err := numberOf(template); err != nil {
		return "", err
	}
	first, count := number(r, "first"), number(r, "count")
	futures := make([]raft.ApplyFuture, 0, count)
	for height := first; height < first+count; height++ {
		ssz := bytes.Clone(template)
		binary.LittleEndian.PutUint64(ssz[numberAt:], height)
		binary.LittleEndian.PutUint64(ssz[hashAt:], height)
		futures = append(futures, m.raft.Apply(ssz, enqueue))
	}
	for i, f := range futures {
		if err := f.Error(); err != nil {
			return "", fmt.Errorf("height %d: %w", first+uint64(i), err)
		}
	}
	return "", nil
}

func (m *member) fault(r *http.Request) (string, error) {
	q := r.URL.Query()
	if q.Has("isolate") {
		m.network.isolate(q.Get("isolate") == "1")
	}
	if q.Has("drop-appends") {
		m.network.drops.Store(int64(number(r, "drop-appends")))
	}
	if q.Has("store-fails") {
		m.log.failures.Store(int64(number(r, "store-fails")))
	}
	return "", nil
}
