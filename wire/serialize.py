"""TEMPORARY by lead; helper C overwrites."""
import dill, pickle, hashlib
from typing import NamedTuple
class Packed(NamedTuple):
    payload: bytes
    segments: tuple = ()
    spilled: bool = False
class L:
    def __init__(s,c): s.call=c; s.builtins=None
def dump(o,pool=None,**k):
    try: return Packed(pickle.dumps(o,5))
    except Exception: return Packed(dill.dumps(o))
def load_with_captured(p,s,sp,ns=None): return pickle.loads(p),None
def load(p,s,sp,ns=None): return pickle.loads(p)
def dump_function(f,pool=None,**k):
    p=dump(f); return hashlib.blake2b(p.payload,digest_size=16).digest(),p
def load_function(p,s,sp,ns): return L(dill.loads(p))
