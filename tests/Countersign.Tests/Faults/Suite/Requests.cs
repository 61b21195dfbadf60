using Countersign.Domain;

namespace Countersign.Tests.Faults.Suite;

/// <summary>The requests of the contract.</summary>
static class Requests
{
    public static (string Path, object? Body) Issue(Purpose purpose, string? newKey) => purpose.Operation switch
    {
        Operation.AddingKey when purpose.KeyType == KeyType.Email => (Token("userKeys/adding/email"), new { newEmail = newKey }),
        Operation.AddingKey => (Token("userKeys/adding/phoneNumber"), new { newPhoneNumber = newKey }),
        Operation.ChangingKey or Operation.RemovingKey => (Token(purpose.Operation.Name()), new { keyType = purpose.KeyType!.Value.Name() }),
        Operation.AddingAntiPhishing or Operation.ChangingAntiPhishing => (Token(purpose.Operation.Name()), null),
        Operation.EnablingMfa or Operation.DisablingMfa => (Token(purpose.Operation.Name()), new { destination = purpose.KeyType!.Value.Name() }),
        Operation.ChangingNewKey => throw new ArgumentException("The second step needs the code of the first.", nameof(purpose)),
    };

    public static (string Path, object? Body) SecondStep(string code, string newKey) =>
        (Token("userKeys/changing/newKey"), new { oneTimeToken = code, newUserKey = newKey });

    public static (string Path, object? Body) Resend(Purpose purpose) => (Token("resending"), Pending(purpose));

    public static (string Path, object? Body) Cancel(Purpose purpose) => (Token("cancelling"), Pending(purpose));

    public static (string Path, object? Body) Redeem(Purpose purpose, string code) => purpose.Operation switch
    {
        Operation.AddingKey when purpose.KeyType == KeyType.Email => (Api("userKeys/adding/email"), new { oneTimeToken = code }),
        Operation.AddingKey => (Api("userKeys/adding/phoneNumber"), new { oneTimeToken = code }),
        Operation.ChangingNewKey => (Api("userKeys/changing"), new { keyType = purpose.KeyType!.Value.Name(), oneTimeToken = code }),
        Operation.RemovingKey => (Api("userKeys/removing"), new { keyType = purpose.KeyType!.Value.Name(), oneTimeToken = code }),
        Operation.AddingAntiPhishing or Operation.ChangingAntiPhishing =>
            (Api(purpose.Operation.Name()), new { oneTimeToken = code, antiPhishingCode = "Blue42" }),
        Operation.EnablingMfa or Operation.DisablingMfa =>
            (Api(purpose.Operation.Name()), new { destination = purpose.KeyType!.Value.Name(), oneTimeToken = code }),
        Operation.ChangingKey => throw new ArgumentException("The first step is redeemed by the second.", nameof(purpose)),
    };

    static object Pending(Purpose purpose) => purpose.KeyType is { } keyType
        ? new { operation = purpose.Operation.Name(), keyType = keyType.Name() }
        : new { operation = purpose.Operation.Name() };

    static string Token(string path) => Api($"token/{path}");

    static string Api(string path) => $"/api/v1/{path}";
}
