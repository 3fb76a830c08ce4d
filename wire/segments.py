"""TEMPORARY by lead; helper C overwrites."""
class SegmentPool:
    def __init__(self,*a): pass
    def free(self,n): pass
    def close(self): pass
class Mapper:
    def __init__(self,*a): pass
