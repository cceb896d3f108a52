using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Nitro.Secp256k1;

/// <summary>
/// The exports of libsecp256k1 that are used, bound by name at run time. Objects are opaque: public key 64 bytes,
/// signature 64, recoverable signature 65.
/// </summary>
internal sealed unsafe class Libsecp256k1
{
    private static readonly string[] Names = ["libsecp256k1.so.2", "libsecp256k1.so.1", "libsecp256k1.so.0"];
    private static int failed;

    internal delegate* unmanaged[Cdecl]<uint, void*> ContextCreate;
    internal delegate* unmanaged[Cdecl]<void*, byte*, int> ContextRandomize;
    internal delegate* unmanaged[Cdecl]<void*, void*, void*, void> SetIllegalCallback;
    internal delegate* unmanaged[Cdecl]<void*, void*, void*, void> SetErrorCallback;
    internal delegate* unmanaged[Cdecl]<void*, byte*, byte*, byte*, void*, void*, int> SignRecoverable;
    internal delegate* unmanaged[Cdecl]<void*, byte*, int*, byte*, int> SerializeCompact;
    internal delegate* unmanaged[Cdecl]<void*, byte*, byte*, int, int> ParseCompact;
    internal delegate* unmanaged[Cdecl]<void*, byte*, byte*, byte*, int> Recover;
    internal delegate* unmanaged[Cdecl]<void*, byte*, byte*, int> PublicKeyCreate;
    internal delegate* unmanaged[Cdecl]<void*, byte*, nuint*, byte*, uint, int> PublicKeySerialize;

    internal delegate* unmanaged[Cdecl]<void*, byte*, byte*, nuint, int> PublicKeyParse;
    internal delegate* unmanaged[Cdecl]<void*, byte*, byte*, int> ParsePlain;
    internal delegate* unmanaged[Cdecl]<void*, byte*, byte*, int> Normalize;
    internal delegate* unmanaged[Cdecl]<void*, byte*, byte*, byte*, int> Verify;

    private Libsecp256k1(string name) => Name = name;

    /// <summary>The name under which the library was found.</summary>
    internal string Name { get; }

    /// <summary>Whether the library once reported that it contradicts itself. Nothing it says counts after that.</summary>
    internal static bool HasFailed => Volatile.Read(ref failed) != 0;

    /// <summary>Called for arguments the library refuses; the call itself then returns 0, which is answer enough.</summary>
    internal static void* IllegalCallback => (delegate* unmanaged[Cdecl]<byte*, void*, void>)&OnIllegal;

    /// <summary>Called when an internal check fails (faulty memory, a bug).</summary>
    internal static void* ErrorCallback => (delegate* unmanaged[Cdecl]<byte*, void*, void>)&OnError;

    internal static bool TryLoad([NotNullWhen(true)] out Libsecp256k1? library)
    {
        library = null;
        foreach (var name in Names)
        {
            if (NativeLibrary.TryLoad(name, out var handle))
            {
                library = new Libsecp256k1(name);
                if (library.TryBind(handle))
                {
                    return true;
                }

                NativeLibrary.Free(handle);
                library = null;
            }
        }

        return false;
    }

    private bool TryBind(nint handle)
    {
        var complete = true;
        ContextCreate = (delegate* unmanaged[Cdecl]<uint, void*>)Find("context_create");
        ContextRandomize = (delegate* unmanaged[Cdecl]<void*, byte*, int>)Find("context_randomize");
        SetIllegalCallback = (delegate* unmanaged[Cdecl]<void*, void*, void*, void>)Find("context_set_illegal_callback");
        SetErrorCallback = (delegate* unmanaged[Cdecl]<void*, void*, void*, void>)Find("context_set_error_callback");
        SignRecoverable = (delegate* unmanaged[Cdecl]<void*, byte*, byte*, byte*, void*, void*, int>)Find("ecdsa_sign_recoverable");
        SerializeCompact = (delegate* unmanaged[Cdecl]<void*, byte*, int*, byte*, int>)Find(
            "ecdsa_recoverable_signature_serialize_compact");
        ParseCompact = (delegate* unmanaged[Cdecl]<void*, byte*, byte*, int, int>)Find("ecdsa_recoverable_signature_parse_compact");
        Recover = (delegate* unmanaged[Cdecl]<void*, byte*, byte*, byte*, int>)Find("ecdsa_recover");
        PublicKeyCreate = (delegate* unmanaged[Cdecl]<void*, byte*, byte*, int>)Find("ec_pubkey_create");
        PublicKeySerialize = (delegate* unmanaged[Cdecl]<void*, byte*, nuint*, byte*, uint, int>)Find("ec_pubkey_serialize");
        PublicKeyParse = (delegate* unmanaged[Cdecl]<void*, byte*, byte*, nuint, int>)Find("ec_pubkey_parse");
        ParsePlain = (delegate* unmanaged[Cdecl]<void*, byte*, byte*, int>)Find("ecdsa_signature_parse_compact");
        Normalize = (delegate* unmanaged[Cdecl]<void*, byte*, byte*, int>)Find("ecdsa_signature_normalize");
        Verify = (delegate* unmanaged[Cdecl]<void*, byte*, byte*, byte*, int>)Find("ecdsa_verify");
        return complete;

        void* Find(string export)
        {
            complete &= NativeLibrary.TryGetExport(handle, "secp256k1_" + export, out var address);
            return (void*)address;
        }
    }

    // The library's own callbacks abort the process. These must never throw: an exception cannot cross native frames.
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnIllegal(byte* message, void* data)
    {
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnError(byte* message, void* data) => Volatile.Write(ref failed, 1);
}
