namespace Nitro.Libp2p.Identity;

/// <summary>The kinds of identity key that are understood, by their number on the wire.</summary>
public enum KeyType
{
    /// <summary>32 bytes.</summary>
    Ed25519 = 1,

    /// <summary>33 bytes, compressed.</summary>
    Secp256k1 = 2,
}
